"""Rewrites the sources of the core for the compiler: what they mean stays what it is.

Records become native classes (records.py). `replace(x, a=1)` becomes `x.with_a(1)`, which the
compiler checks and calls directly. A setter that takes any changes of a record gets one method for
each set of keywords that it is called with. Constants that are made once become `Final`.
"""

import ast
from collections.abc import Iterable, Iterator

from ops.compiled.records import changed_records, records_of, with_method
from ops.compiled.sources import Edit, Module, edited, imports_for, module_of, span

__all__ = ["rewritten"]

REPLACE = ("msgspec.structs", "replace")
EDGE = "pipeline.risk.structs"
_NEVER_FINAL = {"TypeVar", "NewType", "cast"}

Setters = dict[str, set[tuple[str, ...]]]  # The sets of keywords that each is called with.


def rewritten(modules: dict[str, Module], interpreted: frozenset[str]) -> dict[str, str]:
    """Return the text of every module for a build in which these modules are not compiled."""
    compiled = {name: module for name, module in modules.items() if name not in interpreted}
    calls = _setter_calls(compiled)
    compiled = {
        name: module_of(
            name, edited(module, _parted(_with_setters(module, modules, calls), module))
        )
        for name, module in compiled.items()
    }
    records = records_of(compiled)
    fields = [{field.name for field in record.fields} for record in records.values()]
    replaced = {
        keywords
        for module in compiled.values()
        for _, keywords in _replacements(module)
        if keywords and any(set(keywords) <= names for names in fields)
    }
    texts = {}
    for name, module in compiled.items():
        changes = [
            *changed_records(module, records, replaced),
            *_replace_calls(module, replaced),
            *_finals(module),
        ]
        texts[name] = edited(module, _parted(changes, module))
    return texts


def _parted(changes: list[Edit | str] | Iterator[Edit | str], module: Module) -> list[Edit]:
    """Return edits and imports as edits; imports are added on the line of the last one."""
    changes = list(changes)
    wanted = sorted({each for each in changes if isinstance(each, str)})
    blocks = [text for text in wanted if text.startswith("if ")]
    edits = [each for each in changes if isinstance(each, Edit)]
    if wanted:
        imports = [
            node for node in module.tree.body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        end = span(module, imports[-1])[1]
        edits.append(Edit(end, end, "".join(f"; {text}" for text in wanted if text not in blocks)))
        edits.append(Edit(end, end, "".join(f"\n{text}" for text in blocks)))
    return edits


def _replacements(module: Module) -> Iterator[tuple[ast.Call, tuple[str, ...]]]:
    """Yield each call of `replace` with its keywords; none for those of a dictionary."""
    if module.imported.get("replace") != REPLACE:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "replace":
            words = [word.arg for word in node.keywords]
            yield node, tuple([word for word in words if word is not None])


def _replace_calls(module: Module, replaced: set[tuple[str, ...]]) -> Iterator[Edit | str]:
    for call, keywords in _replacements(module):
        end = span(module, call.args[0])[1]
        if not keywords:  # All of a dictionary: the edge's own, which knows both kinds of record.
            yield f"from {EDGE} import replace as replace_any"
            yield Edit(*span(module, call.func), "replace_any")
        elif keywords in replaced:
            yield Edit(*span(module, call.func), "")
            yield Edit(end, end, ")." + with_method(keywords))
            comma = module.text.encode().index(b",", end)
            yield Edit(comma, comma + 1, "(")
            for word in call.keywords:
                begin = span(module, word)[0]
                yield Edit(begin, span(module, word.value)[0], "")


def _finals(module: Module) -> Iterator[Edit | str]:
    """Make what a module calls once, when it is imported, a constant of the compiler.

    Not numbers and text: the compiler would write them where they are used, and no test could set
    another bound.
    """
    for node in module.tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=True))
            if all(map(_is_made_once, *zip(*pairs, strict=True))):
                yield "from typing import Final"
                texts = [f"{ast.unparse(one)}: Final = {ast.unparse(of)}" for one, of in pairs]
                yield Edit(*span(module, node), "; ".join(texts))
        elif _is_made_once(target, value):
            end = span(module, target)[1]
            yield "from typing import Final"
            yield Edit(end, end, ": Final")


def _is_made_once(target: ast.expr, value: ast.expr) -> bool:
    """Return whether a name is given to what is called, or to a method of a constant."""
    if isinstance(value, ast.Call):
        made = ast.unparse(value.func) not in _NEVER_FINAL
    else:
        owner = value.value if isinstance(value, ast.Attribute) else None
        made = isinstance(owner, ast.Name) and owner.id.isupper()
    return made and isinstance(target, ast.Name)


def _setters(module: Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield each method that takes any changes, and the name of the type of its keywords."""
    for node in module.classes.values():
        for item in node.body:
            kinds = item.args.kwarg if isinstance(item, ast.FunctionDef) else None
            if kinds is not None and isinstance(kinds.annotation, ast.Subscript):
                assert isinstance(item, ast.FunctionDef)
                yield item, ast.unparse(kinds.annotation.slice)


def _setter_calls(modules: dict[str, Module]) -> Setters:
    names = {method.name for module in modules.values() for method, _ in _setters(module)}
    calls: Setters = {name: set() for name in names}
    for module in modules.values():
        for call, method in _calls_of(module, names):
            calls[method.attr].add(_keywords(call))
    return calls


def _calls_of(module: Module, names: Iterable[str]) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """Yield each call of a method of one of these names, and what names the method."""
    for node in ast.walk(module.tree):
        method = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(method, ast.Attribute)
            and method.attr in names
        ):
            yield node, method


def _keywords(call: ast.Call) -> tuple[str, ...]:
    words = [word.arg for word in call.keywords]
    if call.args or None in words:
        raise AssertionError(f"{ast.unparse(call)} names no keywords")
    return tuple([word for word in words if word is not None])


def _with_setters(
    module: Module, modules: dict[str, Module], calls: Setters
) -> Iterator[Edit | str]:
    """Give each setter a method for every set of keywords, and let its callers call that."""
    for method, kinds in _setters(module):
        origin = modules[module.imported.get(kinds, (module.name, kinds))[0]]
        body = origin.classes[kinds].body
        types = {
            item.target.id: item.annotation
            for item in body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        }
        used = sorted(calls[method.name])
        yield from imports_for(module, origin, [types[name] for words in used for name in words])
        text = "".join(_special(method, words, types) for words in used)
        end = module.line_end(method.end_lineno or 0)
        yield Edit(end, end, text)
    for call, named in _calls_of(module, calls):
        end = span(module, named)[1]
        yield Edit(end, end, "__" + "__".join(_keywords(call)))
        for word in call.keywords:
            yield Edit(span(module, word)[0], span(module, word.value)[0], "")


def _special(method: ast.FunctionDef, words: tuple[str, ...], types: dict[str, ast.expr]) -> str:
    """Return the method for one set of keywords."""
    assert method.args.kwarg is not None
    name = method.args.kwarg.arg
    parameters = ", ".join(["self", *(f"{word}: {ast.unparse(types[word])}" for word in words)])
    lines = [f"def {method.name}__{'__'.join(words)}({parameters}) -> None:"]
    for statement in method.body:
        given = ", ".join(f"{word}={word}" for word in words)
        lines.append("    " + ast.unparse(statement).replace(f"**{name}", given))
    return "".join(f"    {line}\n" for line in lines)
