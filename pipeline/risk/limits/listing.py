"""Every parameter in force for an account, the document that sets it, and the rules that apply."""

from typing import Literal, NamedTuple, cast

from pipeline.risk.limits.document import half, supported
from pipeline.risk.limits.in_force import replacements
from pipeline.risk.limits.stored import stored_in
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from topics.codec import decode_plain

Level = Literal["own", "everyone", "default"]  # The account's document, that of `*`, neither.


class InForce(NamedTuple):
    """The value of one parameter and the document that sets it."""

    value: object  # None: no limit.
    level: Level


class Listing(NamedTuple):
    """The parameters and rules in force for an account."""

    parameters: dict[tuple[str, str], InForce]  # By rule or group, in the order of the gate.
    idle: dict[str, str]  # Why a rule does not apply, by rule.
    halves: dict[str, str]  # Parameters missing from rules that therefore reject every entry.


def listing(everyone: str, own: str) -> Listing:
    """List the result of two canonical documents and the defaults."""
    stored = stored_in(everyone, own)
    levels: list[tuple[Level, dict[str, dict[str, object]]]] = [
        ("own", supported(decode_plain(own))),
        ("everyone", supported(decode_plain(everyone))),
    ]
    parameters = {
        (name, parameter): InForce(getattr(values, parameter), _level(levels, name, parameter))
        for name, values in stored.values.items()
        for parameter in values.__struct_fields__
    }
    rules = {name: cast(Rule, stored.values[name]) for name in RULES}
    replaced = replacements(rules)
    idle = {
        name: why for name, rule in rules.items() if (why := _why_idle(rule, replaced)) is not None
    }
    halves = {
        name: fault.problem for name, rule in rules.items() if (fault := half(rule)) is not None
    }
    return Listing(parameters, idle, halves)


def _level(
    levels: list[tuple[Level, dict[str, dict[str, object]]]], name: str, parameter: str
) -> Level:
    return next((level for level, rules in levels if parameter in rules.get(name, {})), "default")


def _why_idle(rule: Rule, replaced: dict[str, str]) -> str | None:
    if not rule.enabled:
        return "it is off"
    if rule.NAME in replaced:
        return f"{replaced[rule.NAME]} replaces it"
    if rule.judges:
        return None
    zeros = [name for name in rule.OFF_AT_ZERO if getattr(rule, name) == 0]
    return f"{zeros[0]} is 0, which turns it off" if zeros else "it has no limit"
