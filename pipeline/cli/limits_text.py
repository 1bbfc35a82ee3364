"""Limits as text: documents as YAML files, the parameters in force, and what a change would change.

Numbers are written with exactly the digits they have: a float on the way would change limits.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.listing import Level, Listing
from pipeline.risk.rules.rule import Rule
from pipeline.streams.admin.limits_log import Published
from topics.codec import plain
from topics.fields import EVERYONE
from topics.limits import LimitsDocument

__all__ = [
    "Labels", "as_yaml", "changes", "documents_of", "in_force_rows", "is_same", "labels",
    "value_text",
]  # fmt: skip

Rules = Mapping[str, Mapping[str, object]]
Labels = Mapping[Level, str]  # The name that a reader sees for each level.

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_DEPTHS: dict[Level, int] = {"default": 0, "everyone": 1, "own": 2}


def documents_of(
    log: Published, account: str
) -> tuple[LimitsDocument | None, LimitsDocument | None]:
    """Return the documents in force for an account: that of `*`, then its own."""
    return log.in_force.get(EVERYONE), log.in_force.get(account)


def labels(log: Published, account: str) -> Labels:
    """Label each document with its account and version."""
    everyone, own = documents_of(log, account)
    return {
        "default": "default",
        "everyone": f"{EVERYONE} v{everyone.version if everyone else 0}",
        "own": f"{account} v{own.version if own else 0}",
    }


def is_same(old: Rules, new: Rules) -> bool:
    """Whether two documents are equal when 0.05, "0.05" and 0.0500 count as one number."""
    return _flat(old) == _flat(new)


def changes(before: Listing, after: Listing, labels: Labels) -> Iterator[str]:
    """Yield a line for each changed parameter, then for each rule that starts or stops applying."""
    for place, was in before.parameters.items():
        now = after.parameters[place]
        old, new = value_text(*place, was.value), value_text(*place, now.value)
        if (old, was.level) == (new, now.level):
            continue
        back = f"back to {new} ({labels[now.level]})"
        is_back = _DEPTHS[now.level] < _DEPTHS[was.level]
        yield f"{'.'.join(place)}: {old} ({labels[was.level]}) -> {back if is_back else new}"
    yield from _moved(before.idle, after.idle, "does not apply")
    yield from _moved(before.halves, after.halves, "rejects every entry")


def _moved(before: Mapping[str, str], after: Mapping[str, str], status: str) -> Iterator[str]:
    for rule in sorted(before.keys() | after.keys()):
        if before.get(rule) != after.get(rule):
            ways = (
                f"{status}: {each[rule]}" if rule in each else "applies" for each in (before, after)
            )
            yield f"{rule}: {' -> '.join(ways)}"


def in_force_rows(found: Listing, labels: Labels) -> Iterator[tuple[str, str, str]]:
    """Yield each parameter in force with its value and the document that sets it."""
    for place, each in found.parameters.items():
        yield ".".join(place), value_text(*place, each.value), _from(found, place, labels)


def _from(found: Listing, place: tuple[str, str], labels: Labels) -> str:
    origin, rule = labels[found.parameters[place].level], place[0]
    if rule in found.idle:
        return f"{origin}; does not apply: {found.idle[rule]}"
    if rule in found.halves:
        return f"{origin}; rejects every entry: {found.halves[rule]}"
    return origin


def value_text(name: str, parameter: str, value: object) -> str:
    """Format a parameter's value; None becomes "no limit" for a bound, "unset" otherwise."""
    if value is not None:
        return _text(value)
    kind = NAMES[name]
    needed = kind.NEEDED if issubclass(kind, Rule) else ()
    is_limit = parameter.endswith(("_max", "_min")) or any(parameter in each for each in needed)
    return "no limit" if is_limit else "unset"


def as_yaml(document: LimitsDocument) -> str:
    """Format a document's rules as a limits file, with author and reason in a comment."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.Representer = _Exact
    yaml.default_flow_style, yaml.width = False, 1000
    yaml.dump(_readable(document.rules), text)
    # On one line: a newline in the reason would end the comment and become part of the limits.
    origin = " ".join(f"{document.author}: {document.reason}".split())
    return f"# {document.account_id} version {document.version}, {origin}\n{text.getvalue()}"


class _Exact(SafeRepresenter):
    """Represent Decimal as a plain YAML number with all its digits."""


def _written_out(representer: SafeRepresenter, number: Decimal) -> ScalarNode:
    text = plain(number)
    kind = "float" if "." in text else "int"
    return representer.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


_Exact.add_representer(Decimal, _written_out)


def _flat(rules: Rules) -> dict[str, str]:
    return {
        f"{rule}.{parameter}": _text(value)
        for rule, parameters in rules.items()
        for parameter, value in parameters.items()
    }


def _text(value: object) -> str:
    """Format a value in one canonical way: 0.05, "0.05" and 0.0500 give the same text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, frozenset):
        return _text(sorted(value))
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
    """Sort names, and turn numbers that were sent as strings back into numbers."""
    if isinstance(value, Mapping):
        return {key: _readable(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return list(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
