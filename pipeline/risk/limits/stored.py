"""What two stored documents say together, and what of it this release cannot use.

Documents are judged before they are stored; what an earlier release took and this one refuses is
dropped alone, parameter by parameter, and told.
"""

from typing import NamedTuple, cast

from pipeline.risk.limits.document import (
    NAMES,
    LimitsError,
    Rules,
    converted,
    faults_of,
    half,
    over,
    sound,
)
from pipeline.risk.parameters import Parameters
from pipeline.risk.rules import HALVES
from pipeline.risk.rules.rule import Rule
from topics.codec import decode_plain

DEFECTS_MAX = 20


class Stored(NamedTuple):
    values: dict[str, Parameters]  # Of every rule and group, by name.
    defects: tuple[str, ...]  # What is dropped, and rules that lack a part of their limits.


def stored_in(everyone: str, own: str) -> Stored:
    """Read the documents of `*` and of an account; the account's parameters win one by one."""
    texts: tuple[Rules, Rules] = (decode_plain(everyone), decode_plain(own))
    values = _values(over(*texts))
    dropped: tuple[str, ...] = ()
    if values is None:
        dropped = tuple(
            f"{each}; left out, what is below it holds"
            for text in texts
            for each in faults_of(text)
        )
        values = _values(over(*map(sound, texts)))
    if values is None:
        raise AssertionError("sound parameters are read")
    halves = (half(cast(Rule, values[name])) for name in HALVES)
    found = (f"{each}; until then every entry is refused" for each in halves if each is not None)
    return Stored(values, (*dropped, *found)[:DEFECTS_MAX])


def _values(rules: Rules) -> dict[str, Parameters] | None:
    """Read every rule and group at once; None when anything cannot be used."""
    if not rules.keys() <= NAMES.keys():
        return None
    try:
        return {name: converted(name, rules.get(name, {}), kind) for name, kind in NAMES.items()}
    except LimitsError:
        return None
