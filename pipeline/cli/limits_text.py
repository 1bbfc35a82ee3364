"""Limits documents as text for people."""

from collections.abc import Mapping
from decimal import Decimal

import yaml

from topics.codec import plain
from topics.limits import LimitsDocument

__all__ = ["as_yaml", "changes"]

Rules = Mapping[str, Mapping[str, object]]


def changes(old: Rules, new: Rules) -> list[str]:
    """Return a line for each parameter that differs, in the order of the names."""
    before, after = _flat(old), _flat(new)
    return [
        f"{name}: {before.get(name, 'unset')} -> {after.get(name, 'unset')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def as_yaml(document: LimitsDocument) -> str:
    """Write a document's rules as a limits file, with its origin as a comment."""
    rules = yaml.safe_dump(_readable(document.rules), sort_keys=True, allow_unicode=True)
    said = " ".join(f"{document.author}: {document.reason}".split())
    return f"# {document.account_id} version {document.version}, {said}\n{rules}"


def _flat(rules: Rules) -> dict[str, str]:
    return {
        f"{rule}.{parameter}": _text(value)
        for rule, parameters in rules.items()
        for parameter, value in parameters.items()
    }


def _text(value: object) -> str:
    """Write a value so that 0.05, "0.05" and 0.0500 are one."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return plain(value)
    return _text_of_plain(value)


def _text_of_plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return plain(Decimal(str(value)))
    except ArithmeticError:
        return str(value)


def _readable(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value]
    return plain(value) if isinstance(value, Decimal) else value
