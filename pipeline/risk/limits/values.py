"""Values of parameters: what is wrong with one, as a sentence that says what to write instead."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from pipeline.risk.numbers import EXACT
from pipeline.risk.parameters import Parameters
from topics.bounds import exact_number
from topics.codec import DecodeError, encode_plain, plain
from topics.text import quoted, visible

__all__ = ["wrong_values"]

SHOWN_MAX = 60
INT_BITS_MAX = 63  # A longer one does not travel but as text.
_FORMS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DecimalType: "a number",
    inspect.DictType: 'numbers by name, as {BTC-USD: 0.05, "*": 0.1}',
    inspect.FrozenSetType: "a list of names, as [BTC-USD, ETH-USD]",
    inspect.StrType: "a text",
}


def wrong_values(
    kind: type[Parameters], parameter: str, value: object
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where within a parameter something cannot be used, and what to write there."""
    if isinstance(value, Mapping) and _takes_names(kind, parameter):
        for name, item in value.items():
            said = _wrong(kind, parameter, item)
            if said is not None:
                yield (str(name),), said
    else:
        said = _wrong(kind, parameter, value)
        if said is not None:
            yield (), said


def _wrong(kind: type[Parameters], parameter: str, value: object) -> str | None:
    if isinstance(value, Decimal | str) and (said := _unkept(value)) is not None:
        return said
    if isinstance(value, int) and value.bit_length() > INT_BITS_MAX:
        return f"write a number this long in quotes, not {_shown(value)}"
    try:
        msgspec.convert({parameter: value}, kind, strict=False)
    except (msgspec.ValidationError, DecodeError) as error:
        cause = error.__cause__
        if isinstance(cause, ValueError):
            said = str(cause).removeprefix(parameter).strip()
            return f"{said}, not {_shown(value)}" if said.startswith("must") else said
        return _advice(kind, parameter, value)
    return None


def _unkept(value: Decimal | str) -> str | None:
    """Say why a number is none that is kept exactly; texts that are no number pass here."""
    try:
        Decimal(value)
    except InvalidOperation:
        return None
    try:
        exact_number(str(value))
    except DecodeError as error:
        said = error.error.removeprefix("Expected ").removeprefix("a number ")
        return (
            f"write a number {'' if said.startswith('in ') else 'with '}{said}, not {_shown(value)}"
        )
    return None


def _advice(kind: type[Parameters], parameter: str, value: object) -> str:
    if isinstance(value, str) and (number := _meant(value)) is not None:
        return f"write {number}, not {visible(value[:SHOWN_MAX])}"
    wanted = _wanted(kind, parameter)
    if value is None:
        return f"{wanted}, or leave the parameter out"
    return f"{wanted}, not {_shown(value)}"


def _meant(text: str) -> str | None:
    """Return the number that a percentage or a decimal comma most likely stands for."""
    stripped = text.strip()
    try:
        if stripped.endswith("%"):
            return plain(EXACT.scaleb(exact_number(stripped[:-1].strip()), -2))
        if "," in stripped:
            exact_number(stripped.replace(".", "").replace(",", ""))
            return "a number with a point and nothing between thousands, as 1000.50"
    except DecodeError:
        pass
    return None


def _wanted(kind: type[Parameters], parameter: str) -> str:
    return "write " + " or ".join(_forms(_types(kind)[parameter]))


def _takes_names(kind: type[Parameters], parameter: str) -> bool:
    return any(isinstance(part, inspect.DictType) for part in _parts(_types(kind)[parameter]))


def _parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _forms(kind: inspect.Type) -> Iterator[str]:
    """Yield each form a value may have; None has none: leaving the parameter out says the same."""
    for part in _parts(kind):
        if isinstance(part, inspect.IntType):
            yield f"a whole number from {part.ge} to {part.le}"
        elif isinstance(part, inspect.LiteralType):
            yield f"one of {', '.join(str(value) for value in part.values)}"
        elif type(part) in _FORMS:
            yield _FORMS[type(part)]


@cache
def _types(kind: type[Parameters]) -> dict[str, inspect.Type]:
    """Return the type of each parameter."""
    info: Any = inspect.type_info(kind)
    return {field.name: field.type for field in info.fields}


def _shown(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Decimal):
        return str(value)[:SHOWN_MAX]
    try:
        return visible(encode_plain(value).decode()[:SHOWN_MAX])
    except TypeError:  # Such as a whole number of more than 64 bits.
        return visible(str(value)[:SHOWN_MAX])
