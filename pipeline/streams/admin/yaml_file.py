"""Read a YAML file as plain values: exact numbers, and the line of every value.

ruamel.yaml parses YAML 1.2 into nodes; their values are read here and not by ruamel's constructor,
which makes floats of numbers and dates of texts. NO, 17:00, 010 and 2026-01-01 stay texts.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pipeline.errors import StartupError
from topics.nesting import DEPTH_MAX
from topics.text import quoted

__all__ = ["Tree", "UnreadableFileError", "YamlFileError", "load_tree", "tree_of"]

Place = tuple[str, ...]

_TAG = "tag:yaml.org,2002:"
_TEXTS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}
_CONSTANTS: dict[str, object] = {"null": None, "~": None, "": None, "true": True, "false": False}
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_INT_BITS_MAX = 63  # A larger integer does not survive as a JSON number.
_NODES_MAX = 100_000  # Aliases of aliases can grow a small file without a bound.


class UnreadableFileError(StartupError):
    """Say why a file cannot be read."""


class YamlFileError(StartupError):
    """Say what is wrong in a file, and in which line."""


class Tree(NamedTuple):
    """The value of a file, and the line of each key and list item."""

    value: Any  # YAML of any shape.
    lines: dict[Place, int]

    def line_of(self, place: Place) -> int | None:
        """Return the line of a place, or else of the nearest place that contains it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def load_tree(path: Path) -> Tree:
    """Read a YAML file, with or without a byte order mark.

    Raise UnreadableFileError if it cannot be opened, and YamlFileError, with the line, if it is not
    YAML, or a key is repeated or is not a text.
    """
    return tree_of(_text_of(path), path)


def tree_of(text: str, path: Path) -> Tree:
    """Read YAML; path: what errors call it."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        reader = _Reader(path)
        return Tree(None if node is None else reader.read(node, ()), reader.lines)
    except YAMLError as error:
        raise YamlFileError(f"{path} is not YAML: {_where(error)}") from error
    except (RecursionError, ValueError) as error:
        raise YamlFileError(
            f"{path} holds a value that cannot be read ({type(error).__name__}); see docs/limits.md"
        ) from error


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableFileError(
            f"{path} cannot be read ({error.strerror}); name another file"
        ) from error
    except UnicodeDecodeError as error:
        raise YamlFileError(f"{path} is not UTF-8; save it as UTF-8") from error


def _where(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


class _Reader:
    """Turn nodes into plain values."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self._path = path
        self._nodes = 0
        self._around: set[int] = set()  # Nodes being read; an alias to one of them would never end.

    def read(self, node: Node, place: Place) -> Any:  # YAML of any shape.
        self.lines.setdefault(place, _line(node))
        self._check_size(node, place)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._around:
            raise self._error(node, "a value contains itself")
        self._around.add(id(node))
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            value: Any = self._mapping(node, place)
        elif isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            items = enumerate(node.value)
            value = [self.read(item, (*place, str(number))) for number, item in items]
        else:
            raise self._error(node, f"the tag {quoted(str(node.tag))} is not allowed here")
        self._around.discard(id(node))
        return value

    def _check_size(self, node: Node, place: Place) -> None:
        self._nodes += 1
        if len(place) > DEPTH_MAX:
            raise self._error(node, f"values are nested deeper than {DEPTH_MAX} levels")
        if self._nodes > _NODES_MAX:
            raise self._error(node, f"the file holds more than {_NODES_MAX} values")

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = self._name(key)
            if name in found:
                raise self._error(key, f"{quoted(name)} is repeated")
            self.lines[*place, name] = _line(key)
            found[name] = self.read(item, (*place, name))
        return found

    def _name(self, key: Node) -> str:
        if not isinstance(key, ScalarNode):
            raise self._error(key, "a key must be a text")
        value = self._scalar(key)
        if isinstance(value, str):
            return value
        written = quoted(str(key.value)) if key.value else "nothing"
        raise self._error(
            key,
            f"expected a key, got {written}; a key that looks like a number or a constant needs "
            'quotes, such as "700", and a number has no comma: 1000.50, not 1.000,50',
        )

    def _scalar(self, node: ScalarNode) -> object:
        text = str(node.value)
        if node.tag not in _TEXTS:
            raise self._error(node, f"the tag {quoted(str(node.tag))} is not allowed here")
        if node.style is not None or node.tag == f"{_TAG}str":  # Quoted, or a word.
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _WHOLE.fullmatch(text) and int(text).bit_length() <= _INT_BITS_MAX:
            return int(text)
        return self._number(node, text) if _NUMBER.fullmatch(text) else text

    def _number(self, node: ScalarNode, text: str) -> Decimal:
        try:
            return Decimal(text)
        except ArithmeticError:
            raise self._error(node, f"{quoted(text)} is too large a number") from None

    def _error(self, node: Node, problem: str) -> YamlFileError:
        return YamlFileError(f"{self._path}: line {_line(node)}: {problem}")


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
