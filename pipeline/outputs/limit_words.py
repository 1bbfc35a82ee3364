"""The parameters in force of an account as people read them: value, and the document it is from."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from pipeline.outputs.accounts import headrooms
from pipeline.outputs.words import timestamp
from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.listing import Level, Listing, listing
from pipeline.risk.rules.rule import Rule
from pipeline.streams.admin.limits_log import Published
from topics.account_states import AccountState
from topics.codec import decode_plain, plain
from topics.fields import EVERYONE

__all__ = [
    "InForceRow", "Labels", "Passing", "in_force", "in_force_rows", "labels", "passing", "text_of",
    "value_text",
]  # fmt: skip

Labels = Mapping[Level, str]  # The name that a reader sees for each level.
# The name that a reader sees for a parameter of a level that a temporary document sets.
Passing = Mapping[tuple[Level, str, str], str]
NO_LIMIT = {"no limit", "unset"}


class InForceRow(NamedTuple):
    """One limit that applies to an account."""

    name: str  # Rule and parameter.
    value: str
    origin: str
    headroom_ratio: Decimal | None  # What is left of a loss limit; None for every other.


def in_force(log: Published, row: AccountState) -> list[InForceRow]:
    """Return the limits that apply to an account, those of which least is left first."""
    left = {each.rule: each.ratio for each in headrooms(row)}
    found = listing(log.rules_of(EVERYONE), log.rules_of(row.account_id))
    account = row.account_id
    cells = in_force_rows(found, labels(log, account), passing(log, account))
    wanted = [
        InForceRow(*texts, None if parameter == "on_breach" else left.get(rule))
        for (rule, parameter), texts in zip(found.parameters, cells, strict=True)
        # A rule that applies is enabled.
        if rule not in found.idle and parameter != "enabled" and texts[1] not in NO_LIMIT
    ]
    order = list(left)
    return sorted(wanted, key=lambda each: _place(order, each.name.partition(".")[0]))


def _place(order: list[str], rule: str) -> int:
    return order.index(rule) if rule in order else len(order)


def labels(log: Published, account: str) -> Labels:
    """Label each lasting document with its account and version."""
    everyone, own = log.in_force.get(EVERYONE), log.in_force.get(account)
    return {
        "default": "default",
        "everyone": f"{EVERYONE} v{everyone.version if everyone else 0}",
        "own": f"{account} v{own.version if own else 0}",
    }


def passing(log: Published, account: str) -> Passing:
    """Label each parameter that a temporary document sets with its version and its end."""
    levels: list[tuple[Level, str]] = [("everyone", EVERYONE)]
    if account != EVERYONE:
        levels.append(("own", account))
    return {
        (level, rule, parameter): f"{name} v{item.version} until {timestamp(item.ends_ms)[:19]}"
        for level, name in levels
        for item in log.of(name).temporary
        for rule, parameters in decode_plain(item.rules).items()
        for parameter in parameters
    }


def in_force_rows(
    found: Listing, labels: Labels, passing: Passing | None = None
) -> Iterator[tuple[str, str, str]]:
    """Yield each parameter in force with its value and the document that sets it."""
    for place, each in found.parameters.items():
        origin = (passing or {}).get((each.level, *place), labels[each.level])
        yield ".".join(place), value_text(*place, each.value), _from(found, place, origin)


def _from(found: Listing, place: tuple[str, str], origin: str) -> str:
    rule = place[0]
    if rule in found.idle:
        return f"{origin}; does not apply: {found.idle[rule]}"
    if rule in found.halves:
        return f"{origin}; rejects every entry: {found.halves[rule]}"
    return origin


def value_text(name: str, parameter: str, value: object) -> str:
    """Format a parameter's value; None becomes "no limit" for a bound, "unset" otherwise."""
    if value is not None:
        return text_of(value)
    kind = NAMES[name]
    needed = kind.NEEDED if issubclass(kind, Rule) else ()
    is_limit = parameter.endswith(("_max", "_min")) or any(parameter in each for each in needed)
    return "no limit" if is_limit else "unset"


def text_of(value: object) -> str:
    """Format a value in one canonical way: 0.05, "0.05" and 0.0500 give the same text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {text_of(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text_of(item) for item in value) + "]"
    if isinstance(value, frozenset):
        return text_of(sorted(value))
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
