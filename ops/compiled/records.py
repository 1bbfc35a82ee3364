"""Finds the records of the core, its msgspec Structs, and writes them as native classes.

A native class has typed attributes that are set once, an `__init__` with the Struct's parameters,
its `__eq__`, `__hash__` and `__repr__`, and one method `with_<fields>` for each set of fields that
the core replaces.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ops.compiled.sources import Edit, Module, imports_for, span

__all__ = ["Field", "Record", "changed_records", "records_of", "with_method"]

STRUCT = ("msgspec", "Struct")
OPTIONS = ("array_like", "forbid_unknown_fields", "kw_only")
_EMPTY = ("{}", "set()", "[]")  # A default that each record gets for itself.


class Field(NamedTuple):
    """One field of a record, and the module whose names its type and default are made of."""

    name: str
    annotation: ast.expr
    default: ast.expr | None
    module: Module


class Record(NamedTuple):
    """One record: its class, its fields with those of its bases first, and its options."""

    module: Module
    node: ast.ClassDef
    base: "Record | None"
    own: tuple[Field, ...]
    options: dict[str, bool]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in the Struct's order: one that is declared again keeps its place."""
        inherited = self.base.fields if self.base else ()
        return tuple({field.name: field for field in (*inherited, *self.own)}.values())

    @property
    def checks_itself(self) -> bool:
        """Return whether it has a `__post_init__`."""
        methods = {node.name for node in self.node.body if isinstance(node, ast.FunctionDef)}
        return "__post_init__" in methods or (self.base is not None and self.base.checks_itself)


Key = tuple[str, str]


def records_of(modules: dict[str, Module]) -> dict[Key, Record]:
    """Return every record by module and name; a class that a Struct of `topics` bases is none."""
    found: dict[Key, Record | None] = {}
    for module in modules.values():
        for name in module.classes:
            _record(modules, (module.name, name), found)
    return {key: record for key, record in found.items() if record is not None}


def _record(modules: dict[str, Module], key: Key, found: dict[Key, Record | None]) -> Record | None:
    if key in found or key[0] not in modules or key[1] not in modules[key[0]].classes:
        return found.get(key)
    module, node = modules[key[0]], modules[key[0]].classes[key[1]]
    found[key] = None
    for expression in node.bases:
        if not isinstance(expression, ast.Name):
            continue
        named = module.imported.get(expression.id, (module.name, expression.id))
        base = _record(modules, named, found)
        if base is not None or named == STRUCT:
            found[key] = Record(module, node, base, tuple(_fields(module, node)), _options(node))
    return found[key]


def _fields(module: Module, node: ast.ClassDef) -> Iterator[Field]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and not _is_class_variable(item.annotation):
            yield Field(ast.unparse(item.target), item.annotation, item.value, module)


def _is_class_variable(annotation: ast.expr) -> bool:
    return ast.unparse(annotation).startswith("ClassVar")


def _options(node: ast.ClassDef) -> dict[str, bool]:
    given = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    return {name: given[name] for name in OPTIONS if given.get(name)}


def changed_records(
    module: Module, records: dict[Key, Record], replaced: Iterable[tuple[str, ...]]
) -> Iterator[Edit | str]:
    """Yield the edits of a module that make its records native, and the imports they need."""
    replaced = sorted(set(replaced))
    open_ = set(_subclassed(records))
    for record in records.values():
        if record.module is not module:
            continue
        yield from _header(record)
        if id(record) in open_:
            yield "from typing import TYPE_CHECKING"
            yield "if TYPE_CHECKING: from mypy_extensions import mypyc_attr"
            start = span(module, record.node)[0]
            yield Edit(start, start, "@mypyc_attr(allow_interpreted_subclasses=True)\n")
        yield from _body(record)
        yield from _imports(record)
        methods = "\n".join([_constants(record), *_methods(record, replaced)])
        end = module.line_end(record.node.end_lineno or 0)
        text = "".join(f"    {line}\n" if line else "\n" for line in methods.splitlines())
        yield Edit(end, end, f"{text}\n\nfreeze({record.node.name})\n")


def _header(record: Record) -> Iterator[Edit]:
    module, node = record.module, record.node
    last = node.keywords[-1].value if node.keywords else node.bases[-1]
    kept = ast.unparse(node.bases[0]) if record.base else ""
    yield Edit(*span(module, node.bases[0], last), kept)


def _subclassed(records: dict[Key, Record]) -> Iterator[int]:
    """Yield the id of each record that the core subclasses as it runs, and of its bases."""
    for record in records.values():
        calls = [node for node in ast.walk(record.module.tree) if isinstance(node, ast.Call)]
        made = [ast.unparse(call) for call in calls if ast.unparse(call.func) == "new_class"]
        each: Record | None = record
        while each is not None and any(f"({record.node.name},)" in text for text in made):
            yield id(each)
            each = each.base


def _body(record: Record) -> Iterator[Edit]:
    """Make fields attributes without a default, and constants of rules class variables."""
    module = record.module
    for item in record.node.body:
        if isinstance(item, ast.Assign):
            end = span(module, item.targets[0])[1]
            yield Edit(end, end, ": ClassVar")
    for field in record.own:
        if field.default is not None:
            yield Edit(span(module, field.annotation)[1], span(module, field.default)[1], "")


def _imports(record: Record) -> Iterator[str]:
    yield "from typing import ClassVar"
    yield "from pipeline.risk.structs import freeze, text_of_record"
    for field in record.fields:
        if field.module is not record.module:
            nodes = [field.annotation, *([field.default] if field.default else [])]
            yield from imports_for(record.module, field.module, nodes)


def _constants(record: Record) -> str:
    """Return what the edge reads of a record: its fields, their types, and its options."""
    fields = "".join(f"{field.name!r}, " for field in record.fields)
    shape = ", ".join(
        f"{field.name!r}: ({ast.unparse(field.annotation)!r}, {field.default is None})"
        for field in record.own
    )
    return (
        f"\n__struct_fields__: ClassVar[tuple[str, ...]] = ({fields})\n"
        f"__shape__: ClassVar[dict[str, tuple[str, bool]]] = {{{shape}}}\n"
        f"__options__: ClassVar[dict[str, bool]] = {record.options!r}\n"
    )


def _methods(record: Record, replaced: Iterable[tuple[str, ...]]) -> Iterator[str]:
    name, names = record.node.name, {field.name for field in record.fields}
    yield _init(record)
    yield (
        f"def __eq__(self, other: object) -> bool:\n"
        f"    if not isinstance(other, {name}) or type(other) is not type(self):\n"
        f"        return NotImplemented\n"
        f"    return self.__row__() == other.__row__()\n"
    )
    yield "def __hash__(self) -> int:\n    return hash(self.__row__())\n"
    yield "def __repr__(self) -> str:\n    return text_of_record(self)\n"
    values = "".join(f"self.{field.name}, " for field in record.fields)
    yield f"def __row__(self) -> object:\n    return ({values})\n"
    for keywords in replaced:
        if names.issuperset(keywords):
            yield _with(record, keywords)


def _init(record: Record) -> str:
    parameters, lines = [], []
    for field in record.fields:
        kind = ast.unparse(field.annotation)
        default = None if field.default is None else ast.unparse(field.default)
        value = field.name
        if default in _EMPTY:
            kind, value = f"{kind} | None", f"{default} if {field.name} is None else {field.name}"
            default = "None"
        parameters.append(f"{field.name}: {kind}" + ("" if default is None else f" = {default}"))
        lines.append(f"    self.{field.name} = {value}")
    if record.checks_itself:
        lines.append("    self.__post_init__()")
    first = ["self", *(["*"] if record.options.get("kw_only") and parameters else [])]
    signature = ", ".join([*first, *parameters])
    return "\n".join([f"def __init__({signature}) -> None:", *(lines or ["    pass"]), ""])


def with_method(keywords: Iterable[str]) -> str:
    """Return the name of the method that replaces these fields."""
    return "with_" + "__".join(keywords)


def _with(record: Record, keywords: tuple[str, ...]) -> str:
    """Return the method that makes a copy with other values of these fields."""
    kinds = {field.name: ast.unparse(field.annotation) for field in record.fields}
    parameters = ", ".join(["self", *(f"{name}: {kinds[name]}" for name in keywords)])
    prefixes = {name: f"{name}=" if record.options.get("kw_only") else "" for name in kinds}
    values = ", ".join(
        prefixes[name] + (name if name in keywords else f"self.{name}") for name in kinds
    )
    return (
        f'def {with_method(keywords)}({parameters}) -> "{record.node.name}":\n'
        f"    return {record.node.name}({values})\n"
    )
