"""Every parameter in force for an account, which document says it, and which rules judge."""

from typing import Literal, NamedTuple, cast

from pipeline.risk.limits.document import half, sound
from pipeline.risk.limits.in_force import stand_ins
from pipeline.risk.limits.stored import stored_in
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from topics.codec import decode_plain

Level = Literal["own", "everyone", "default"]  # The account's document, that of `*`, neither.


class InForce(NamedTuple):
    """One parameter as it holds."""

    value: object  # None: no limit.
    level: Level


class Listing(NamedTuple):
    """What holds for an account."""

    parameters: dict[tuple[str, str], InForce]  # By rule or group, in the order of the gate.
    idle: dict[str, str]  # Why a rule does not judge, by rule.
    halves: dict[str, str]  # What a rule lacks that therefore refuses every entry, by rule.


def listing(everyone: str, own: str) -> Listing:
    """List what two canonical documents and the defaults say together."""
    stored = stored_in(everyone, own)
    levels: list[tuple[Level, dict[str, dict[str, object]]]] = [
        ("own", sound(decode_plain(own))),
        ("everyone", sound(decode_plain(everyone))),
    ]
    parameters = {
        (name, parameter): InForce(getattr(values, parameter), _level(levels, name, parameter))
        for name, values in stored.values.items()
        for parameter in values.__struct_fields__
    }
    rules = {name: cast(Rule, stored.values[name]) for name in RULES}
    instead = stand_ins(rules)
    idle = {
        name: why for name, rule in rules.items() if (why := _why_idle(rule, instead)) is not None
    }
    halves = {name: fault.said for name, rule in rules.items() if (fault := half(rule)) is not None}
    return Listing(parameters, idle, halves)


def _level(
    levels: list[tuple[Level, dict[str, dict[str, object]]]], name: str, parameter: str
) -> Level:
    return next((level for level, rules in levels if parameter in rules.get(name, {})), "default")


def _why_idle(rule: Rule, instead: dict[str, str]) -> str | None:
    if not rule.enabled:
        return "it is off"
    if rule.NAME in instead:
        return f"{instead[rule.NAME]} stands in for it"
    if rule.judges:
        return None
    zeros = [name for name in rule.OFF_AT_ZERO if getattr(rule, name) == 0]
    return f"{zeros[0]} is 0, which turns it off" if zeros else "it has no limit"
