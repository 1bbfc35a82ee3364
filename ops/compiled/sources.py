"""The modules of the core as text and syntax tree, and edits of the text by the tree's positions.

Text is edited, not printed again from the tree: what is not touched keeps its lines and comments,
those for the type checker among them.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Edit", "Module", "edited", "imports_for", "module_of", "modules_in", "span"]


class Edit(NamedTuple):
    """Bytes of a text, from start to before end, and what to write in their place."""

    start: int
    end: int
    text: str


class Module:
    """One module of the core."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.tree = ast.parse(text)
        self.classes = {
            node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)
        }
        self.imported: dict[
            str, tuple[str, str]
        ] = {}  # What a name is: a module and its name there.
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = node.module, alias.name
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def position(self, line: int, column: int) -> int:
        """Return the place of a byte that the tree gives by line, from 1, and column."""
        return self._starts[line - 1] + column

    def line_end(self, line: int) -> int:
        """Return the place behind the last byte of a line, its newline included."""
        return self._starts[line]

    def source(self, node: ast.expr) -> str:
        """Return the text of an expression on one line."""
        return ast.unparse(node)


def module_of(name: str, text: str) -> Module:
    """Read one module."""
    return Module(name, text)


def modules_in(folder: Path, package: str) -> dict[str, Module]:
    """Read all modules of a package, by their names."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join((package, *parts)).removesuffix(".__init__")
        found[name] = Module(name, path.read_text())
    return found


def span(module: Module, first: ast.AST, last: ast.AST | None = None) -> tuple[int, int]:
    """Return where the text of a node begins and where that of another, or its own, ends."""
    last = last or first
    start = module.position(first.lineno, first.col_offset)  # type: ignore[attr-defined]
    return start, module.position(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]


def edited(module: Module, edits: Iterable[Edit]) -> str:
    """Return the text with the edits; edits at one place stay in their order."""
    content, done, parts = module.text.encode(), 0, []
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < done:
            raise AssertionError(f"two edits of {module.name} overlap at byte {edit.start}")
        parts += [content[done : edit.start], edit.text.encode()]
        done = edit.end
    return b"".join([*parts, content[done:]]).decode()


def imports_for(module: Module, declaring: Module, nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the imports that a module needs to hold these expressions of another module."""
    names = {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)}
    own = {*declaring.imported, *_defined(declaring)}
    for name in sorted(names & own):
        origin = declaring.imported.get(name, (declaring.name, name))
        known = module.imported.get(name)
        if known is None and name not in _defined(module):
            yield f"from {origin[0]} import {origin[1]} as {name}"
        elif known not in (origin, (declaring.name, name)) and module is not declaring:
            raise AssertionError(
                f"{name} is another thing in {module.name} than in {declaring.name}"
            )


def _defined(module: Module) -> set[str]:
    """Return the names that a module defines itself."""
    names: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names
