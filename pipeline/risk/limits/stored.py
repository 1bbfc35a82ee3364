"""Combines two stored documents and drops what this release cannot use.

Documents are validated before they are stored. A parameter that an earlier release accepted and
this one refuses is dropped by itself, with an alert.
"""

from typing import NamedTuple, cast

from pipeline.risk.account.documents import Rules, merge
from pipeline.risk.limits.document import (
    NAMES,
    LimitsError,
    converted,
    faults_of,
    half,
    supported,
)
from pipeline.risk.parameters import Parameters
from pipeline.risk.rules import HALVES
from pipeline.risk.rules.rule import Rule
from topics.codec import decode_plain

DEFECTS_MAX = 20


class Stored(NamedTuple):
    values: dict[str, Parameters]  # Of every rule and group, by name.
    defects: tuple[str, ...]  # Dropped parameters, and rules that lack some of their limits.


def stored_in(everyone: str, own: str) -> Stored:
    """Read the documents of `*` and of an account; the account's parameters override."""
    texts: tuple[Rules, Rules] = (decode_plain(everyone), decode_plain(own))
    values = _values(merge(*texts))
    dropped: tuple[str, ...] = ()
    if values is None:
        dropped = tuple(
            f"{fault}; ignored, the value below it applies"
            for text in texts
            for fault in faults_of(text)
        )
        values = _values(merge(*map(supported, texts)))
    if values is None:
        raise AssertionError("supported parameters can be read")
    halves = (half(cast(Rule, values[name])) for name in HALVES)
    found = (
        f"{fault}; until then every entry is rejected" for fault in halves if fault is not None
    )
    return Stored(values, (*dropped, *found)[:DEFECTS_MAX])


def _values(rules: Rules) -> dict[str, Parameters] | None:
    """Convert every rule and group; None when anything is invalid."""
    if not rules.keys() <= NAMES.keys():
        return None
    try:
        return {name: converted(name, rules.get(name, {}), kind) for name, kind in NAMES.items()}
    except LimitsError:
        return None
