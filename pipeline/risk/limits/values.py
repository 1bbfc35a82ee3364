"""Validates parameter values; each fault says what to write instead."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache

import msgspec
from msgspec import inspect

from pipeline.risk.numbers import EXACT
from pipeline.risk.parameters import Parameters
from pipeline.risk.structs import convert, shape
from topics.bounds import exact_number
from topics.codec import DecodeError, encode_plain, plain
from topics.text import quoted, visible

__all__ = ["wrong_values"]

SHOWN_MAX = 60
INT_BITS_MAX = 63  # JSON decoders accept longer integers only as text.
_FORMS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.DecimalType: "a number",
    inspect.DictType: 'numbers by name, such as {BTC-USD: 0.05, "*": 0.1}',
    inspect.FrozenSetType: "a list of names, such as [BTC-USD, ETH-USD]",
    inspect.StrType: "text",
}


def wrong_values(
    kind: type[Parameters], parameter: str, value: object
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the place of each invalid value within a parameter, and what to write there."""
    if isinstance(value, Mapping) and _takes_names(kind, parameter):
        for name, item in value.items():
            problem = _problem(kind, parameter, item)
            if problem is not None:
                yield (str(name),), problem
    else:
        problem = _problem(kind, parameter, value)
        if problem is not None:
            yield (), problem


def _problem(kind: type[Parameters], parameter: str, value: object) -> str | None:
    if isinstance(value, Decimal | str) and (problem := _inexact(value)) is not None:
        return problem
    if isinstance(value, int) and value.bit_length() > INT_BITS_MAX:
        return f"write a number this long in quotes, not {_shown(value)}"
    try:
        convert({parameter: value}, kind)
    except (msgspec.ValidationError, DecodeError) as error:
        cause = error.__cause__
        if isinstance(cause, ValueError):
            problem = str(cause).removeprefix(parameter).strip()
            return f"{problem}, not {_shown(value)}" if problem.startswith("must") else problem
        return _advice(kind, parameter, value)
    return None


def _inexact(value: Decimal | str) -> str | None:
    """Return why a number cannot be stored exactly; text that is not a number passes here."""
    try:
        Decimal(value)
    except InvalidOperation:
        return None
    try:
        exact_number(str(value))
    except DecodeError as error:
        bound = error.error.removeprefix("Expected ").removeprefix("a number ")
        joined = bound if bound.startswith("in ") else f"with {bound}"
        return f"write a number {joined}, not {_shown(value)}"
    return None


def _advice(kind: type[Parameters], parameter: str, value: object) -> str:
    if isinstance(value, str) and (number := _intended(value)) is not None:
        return f"write {number}, not {visible(value[:SHOWN_MAX])}"
    wanted = _accepted_forms(kind, parameter)
    if value is None:
        return f"{wanted}, or leave the parameter out"
    return f"{wanted}, not {_shown(value)}"


def _intended(text: str) -> str | None:
    """Return what to write instead of a percentage or a number with a comma."""
    stripped = text.strip()
    try:
        if stripped.endswith("%"):
            return plain(EXACT.scaleb(exact_number(stripped[:-1].strip()), -2))
        if "," in stripped:
            exact_number(stripped.replace(".", "").replace(",", ""))
            return "a number with a decimal point and no thousands separator, such as 1000.50"
    except DecodeError:
        pass
    return None


def _accepted_forms(kind: type[Parameters], parameter: str) -> str:
    return "write " + " or ".join(_forms(_types(kind)[parameter]))


def _takes_names(kind: type[Parameters], parameter: str) -> bool:
    return any(isinstance(part, inspect.DictType) for part in _parts(_types(kind)[parameter]))


def _parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _forms(kind: inspect.Type) -> Iterator[str]:
    """Yield each accepted form, except None: leaving the parameter out is the same."""
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
    return {field.name: field.type for field in shape(kind).fields}


def _shown(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Decimal):
        return str(value)[:SHOWN_MAX]
    try:
        return visible(encode_plain(value).decode()[:SHOWN_MAX])
    except TypeError:  # For example an integer of more than 64 bits.
        return visible(str(value)[:SHOWN_MAX])
