"""Limits documents: what they may name, and the text that state keeps of them.

A document that does not validate is refused whole, with the path and the nearest name.
"""

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from pipeline.risk.limits.parameters import GROUPS, Parameters
from pipeline.risk.rules import RULES
from topics.bounds import exact_number
from topics.codec import DecodeError, encode_plain

Rules = dict[str, dict[str, Any]]  # As documents carry them; each rule types its own.
P = TypeVar("P", bound=Parameters)

NAMES: dict[str, type[Parameters]] = {**RULES, **GROUPS}


class LimitsError(ValueError):
    """A limits document names what is not there, or gives it a value it cannot have."""


def canonical(rules: Rules) -> str:
    """Return a document's rules as the text that state keeps and compares."""
    return encode_plain(rules).decode()


def validate(rules: Rules) -> None:
    """Raise LimitsError on the first name or value that is not allowed."""
    for name, values in rules.items():
        if name not in NAMES:
            raise LimitsError(f"rules.{name}: no such rule{_nearest(name, NAMES)}")
        for parameter in values:
            fields = NAMES[name].__struct_fields__
            if parameter not in fields:
                raise LimitsError(
                    f"rules.{name}.{parameter}: no such parameter{_nearest(parameter, fields)}"
                )
            _check_numbers(values[parameter], f"rules.{name}.{parameter}")
        converted(name, values, NAMES[name])


def _check_numbers(value: object, path: str) -> None:
    """Refuse texts that Decimal would read although no number is spelt like that."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_numbers(item, f"{path}.{name}")
    elif isinstance(value, str) and _reads_as_number(value):
        try:
            exact_number(value)
        except DecodeError as error:
            raise LimitsError(f"{path}: {error.error}") from None


def _reads_as_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def converted(name: str, values: dict[str, Any], kind: type[P]) -> P:
    """Read a rule's parameters. Raise LimitsError when one cannot be had."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except (msgspec.ValidationError, DecodeError) as error:
        raise LimitsError(f"rules.{name}: {error}") from None


def _nearest(name: str, known: "dict[str, type[Parameters]] | tuple[str, ...]") -> str:
    near = get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""
