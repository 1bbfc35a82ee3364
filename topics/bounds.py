"""What the types of an input cannot say: how numbers are spelt, their digits and bounds, and the
size of untyped parameters. What is out of bounds raises DecodeError.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Struct

from topics.explain import path_of
from topics.fields import DECIMAL, DecodeError
from topics.hints import metas

__all__ = ["SPELLING", "check_message", "check_spelling", "exact_number", "suspicious"]

DIGITS_MAX = 34
EXPONENT_MAX = 30
DEPTH_MAX = 8  # Of untyped parameters.
TEXT_MAX = 500  # Characters of a name or a text in untyped parameters.

SPELLING = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_SPELLING = re.compile(SPELLING)
_TEXT = msgspec.json.Decoder(str)

# Where a text begins that Decimal might read although it is not spelt as above: it drops `_` and
# outer spaces. (It also reads the digits of every alphabet, which may hide behind an escape.)
_ODD_NUMBER = re.compile(rb'"[-+0-9.eE]*+[_\s]')


class _Number(NamedTuple):
    name: str
    holds: Callable[[Decimal], bool] | None
    problem: str


class _Plan(NamedTuple):
    numbers: tuple[_Number, ...]
    trees: tuple[str, ...]  # Fields of any shape.


def check_message(message: Struct) -> None:
    """Check each number and each tree of parameters of a decoded input."""
    plan = _plan(type(message))
    for name, holds, problem in plan.numbers:
        number = getattr(message, name)
        if number is not None:
            inexact = _inexactness(number)
            if inexact is not None:
                raise DecodeError(inexact, f"$.{name}")
            if holds is not None and not holds(number):
                raise DecodeError(problem, f"$.{name}")
    for name in plan.trees:
        _check_tree(getattr(message, name), f"$.{name}", DEPTH_MAX)


def suspicious(value: bytes) -> bool:
    """Return whether a number may be spelled unusually; also true for some harmless bytes."""
    return not value.isascii() or b"\\" in value or _ODD_NUMBER.search(value) is not None


def check_spelling(message: type[Struct], fields: dict[str, msgspec.Raw]) -> None:
    """Check how the numbers of an input are written that decoded well."""
    for number in _plan(message).numbers:
        raw = bytes(fields.get(number.name, b""))
        if raw.startswith(b'"') and not _SPELLING.fullmatch(_TEXT.decode(raw)):
            raise DecodeError("Expected a number in plain ASCII digits", f"$.{number.name}")


def exact_number(text: str) -> Decimal:
    """Read a number from text as the contract spells it. Raise DecodeError otherwise."""
    if not _SPELLING.fullmatch(text) or len(text) > TEXT_MAX:
        raise DecodeError("Expected a number in plain ASCII digits")
    number = Decimal(text)
    inexact = _inexactness(number)
    if inexact is not None:
        raise DecodeError(inexact)
    return number


@cache
def _plan(message: type[Struct]) -> _Plan:
    hints = get_type_hints(message, include_extras=True)
    numbers = ((name, _schema(hint)) for name, hint in hints.items())
    return _Plan(
        tuple(_number(name, schema) for name, schema in numbers if schema is not None),
        tuple(name for name, hint in hints.items() if Any in _parts(hint)),
    )


def _schema(hint: object) -> dict[str, object] | None:
    for meta in metas(hint):
        schema: dict[str, object] = meta.extra_json_schema or {}
        if schema.get("format") == DECIMAL:
            return schema
    return None


def _parts(hint: object) -> Iterator[object]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def _number(name: str, schema: dict[str, object]) -> _Number:
    if "exclusiveMinimum" in schema:
        return _Number(name, lambda number: number > 0, "Expected a number > 0")
    if "maximum" in schema:
        return _Number(name, lambda number: 0 <= number <= 1, "Expected a number from 0 to 1")
    if "minimum" in schema:
        return _Number(name, lambda number: number >= 0, "Expected a number >= 0")
    return _Number(name, None, "")


def _inexactness(number: Decimal) -> str | None:
    """Say why a number is none that we keep exactly, or None."""
    if not number.is_finite():
        return "Expected a finite number"
    text = str(number)
    if len(text) <= EXPONENT_MAX and "E" not in text:
        return None
    if abs(number.adjusted()) > EXPONENT_MAX:
        return f"Expected an exponent within ±{EXPONENT_MAX}"
    if len(number.as_tuple().digits) > DIGITS_MAX:
        return f"Expected at most {DIGITS_MAX} significant digits"
    return None


def _check_tree(value: object, path: str, depth: int) -> None:
    if depth < 0:
        raise DecodeError(f"Expected at most {DEPTH_MAX} levels of parameters", path)
    if isinstance(value, dict):
        for name, item in value.items():
            _check_leaf(name, path)
            _check_tree(item, path_of(path, name), depth - 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_tree(item, f"{path}[{index}]", depth - 1)
    else:
        _check_leaf(value, path)


def _check_leaf(value: object, path: str) -> None:
    problem = None
    if isinstance(value, str) and len(value) > TEXT_MAX:
        problem = f"Expected at most {TEXT_MAX} characters"
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        problem = "Expected an integer of at most 64 bits, or a text"
    elif isinstance(value, Decimal | int):
        problem = _inexactness(Decimal(value))
    if problem is not None:
        raise DecodeError(problem, path)
