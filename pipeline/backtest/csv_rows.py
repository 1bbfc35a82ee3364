"""Rows of CSV or Parquet files as messages of one input topic, each cell checked.

A column has the name of its field unless it is mapped. Cells are read exactly: numbers from their
digits, times as ISO 8601 or since 1970. What is empty is absent.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.paper.price_files import TIMES, rows_of, time_ms
from topics.bounds import exact_number
from topics.codec import DecodeError, decode, encode_plain
from topics.hints import bare, options
from topics.text import nearest
from topics.topic import Topic

__all__ = ["TIME_OF", "Names", "messages_of"]

# What says when a message of the topic came.
TIME_OF = {
    "prices": "as_of_ms",
    "signals": "created_at_ms",
    "fills": "executed_at_ms",
    "orders": "updated_at_ms",
    "positions": "as_of_ms",
    "accounts": "as_of_ms",
}
ALIASES = {"prices": {"last": ("last", "price", "close")}}
SOURCES = ("bid", "ask", "mark", "last")  # A price has one of them at least.
ABSENT = {"", "nan", "null", "none"}
YES, NO = {"true", "yes", "1"}, {"false", "no", "0"}
LINE = "{line}"  # In a default: the number of the line.

Row: TypeAlias = Mapping[str, object]  # By column, in lower case.


class Names(Struct, frozen=True):
    """How a file's columns and a topic's fields belong together."""

    columns: Mapping[str, str] = {}  # By field; others have the field's own name.
    defaults: Mapping[str, str] = {}  # By field: the text of a cell that is empty or missing.


def messages_of(path: Path, topic: Topic, names: Names) -> Iterator[tuple[Struct, bytes]]:
    """Yield each row as a message and its bytes.

    Raise StartupError that names line and column of what is wrong.
    """
    table = _Table(path, topic, names)
    for number, row in rows_of(path):
        if table.columns is None:
            table.columns = table.find_columns(row)
        if topic.name != "prices" or table.has_price(row):  # The market may have had none.
            yield table.message(number, row)
    if table.columns is None:
        raise StartupError(f"{path} holds no row")


class _Table:
    """A file, and which of its columns holds each field."""

    def __init__(self, path: Path, topic: Topic, names: Names) -> None:
        self.columns: dict[str, str] | None = None
        self._path = path
        self._topic = topic
        self._names = names
        self._fields = _fields_of(topic.message)
        for field in (*names.columns, *names.defaults):
            if field not in self._fields:
                near = nearest(field, self._fields)
                hint = f", did you mean {near}?" if near else ""
                raise StartupError(f"{topic.name} has no field {field}{hint}")

    def find_columns(self, row: Row) -> dict[str, str]:
        """Return the column of each field that the file has."""
        named = ((field, self._find(row, field)) for field in self._fields)
        found = {field: column for field, column in named if column is not None}
        for field, known in self._fields.items():
            if known.required and field not in found and field not in self._names.defaults:
                place = f"{self._topic.name}.{field}"
                raise StartupError(
                    f"{self._path} has no column for {field}; name one with --map {place}=COLUMN, "
                    f"or its value with --default {place}=VALUE; its columns are: {', '.join(row)}"
                )
        return found

    def has_price(self, row: Row) -> bool:
        """Whether a row of prices has any."""
        return any(self._text(row, each) for each in SOURCES)

    def message(self, number: int, row: Row) -> tuple[Struct, bytes]:
        """Return the message of a row. Raise StartupError that names the cell that is wrong."""
        texts = {field: self._text(row, field, number) for field in self._fields}
        values: dict[str, object] = {}
        for field, text in texts.items():
            try:
                if text:
                    values[field] = _value(self._fields[field].kinds, text)
            except (DecodeError, ValueError) as error:
                problem = error.error if isinstance(error, DecodeError) else str(error)
                raise StartupError(self._sentence(number, field, problem, text=text)) from None
        content = encode_plain(values)
        try:
            return decode(self._topic, content), content
        except DecodeError as error:
            field = (error.path or "$").removeprefix("$.").partition("[")[0]
            text = texts.get(field, "")
            raise StartupError(self._sentence(number, field, error.error, text=text)) from None

    def _find(self, row: Row, field: str) -> str | None:
        wanted = self._names.columns.get(field)
        if wanted is None:
            choices = field, *self._aliases(field)
            return next((each for each in choices if each in row), None)
        column = wanted.strip().lower()
        if column not in row:
            raise StartupError(f"{self._path} has no column {wanted!r}; it has: {', '.join(row)}")
        return column

    def _aliases(self, field: str) -> tuple[str, ...]:
        own = ALIASES.get(self._topic.name, {}).get(field, ())
        return (*own, *TIMES) if field == TIME_OF.get(self._topic.name) else own

    def _text(self, row: Row, field: str, number: int = 0) -> str:
        """Return the text of a field; empty if it is absent."""
        column = (self.columns or {}).get(field)
        value = None if column is None else row.get(column)
        text = "" if value is None else str(value).strip()
        if text.lower() not in ABSENT:
            return text
        return self._names.defaults.get(field, "").replace(LINE, str(number))

    def _sentence(self, number: int, field: str, problem: str, *, text: str) -> str:
        column = (self.columns or {}).get(field, field)
        named = "" if field == "$" else f", column {column}"
        got = f", got {text!r}" if text and text not in problem else ""
        return f"{self._path}, line {number}{named}: {problem}{got}"


def _value(kinds: tuple[Any, ...], text: str) -> object:
    """Read a cell as its field's type. Raise DecodeError or ValueError when it is none."""
    if Decimal in kinds:
        return exact_number(text)
    if bool in kinds:
        if text.lower() not in YES | NO:
            raise ValueError("write true or false")
        return text.lower() in YES
    if int in kinds:
        return time_ms(text)
    literals = [each for kind in kinds if get_origin(kind) is Literal for each in get_args(kind)]
    if literals:
        numbered = {str(each): each for each in literals}
        return numbered.get(text.lower(), text.lower())
    return text if str in kinds else msgspec.json.decode(text)


class _Field(NamedTuple):
    kinds: tuple[Any, ...]  # The types that its value may have.
    required: bool


@cache
def _fields_of(message: Any) -> dict[str, _Field]:
    hints = get_type_hints(message, include_extras=True)
    return {
        each.name: _Field(tuple(map(bare, options(hints[each.name]))), each.required)
        for each in msgspec.structs.fields(message)
    }
