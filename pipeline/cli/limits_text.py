"""Limits as text: documents as YAML files, and what a change would change.

Numbers are written with exactly the digits they have: a float on the way would change limits.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from pipeline.outputs.limit_words import Labels, text_of, value_text
from pipeline.risk.limits.listing import Level, Listing
from topics.codec import plain
from topics.limits import LimitsDocument

__all__ = ["as_yaml", "changes", "is_same"]

Rules = Mapping[str, Mapping[str, object]]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_DEPTHS: dict[Level, int] = {"default": 0, "everyone": 1, "own": 2}


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
        f"{rule}.{parameter}": text_of(value)
        for rule, parameters in rules.items()
        for parameter, value in parameters.items()
    }


def _readable(value: object) -> object:
    """Sort names, and turn numbers that were sent as strings back into numbers."""
    if isinstance(value, Mapping):
        return {key: _readable(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return list(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
