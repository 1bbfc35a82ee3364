"""Limits documents: validation, merging, and the canonical text that the account's state keeps.

A document that does not validate is refused as a whole, with a list of its faults.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from pipeline.risk.account.documents import Rules, merge
from pipeline.risk.limits.values import wrong_values
from pipeline.risk.parameters import GROUPS, Parameters
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from pipeline.risk.structs import convert
from topics.codec import DecodeError, encode_plain
from topics.explain import path_of
from topics.text import nearest

P = TypeVar("P", bound=Parameters)

NAMES: dict[str, type[Parameters]] = {**RULES, **GROUPS}
FAULTS_MAX = 20  # Per document. A longer list helps nobody, and checking thousands takes long.


class Fault(NamedTuple):
    """One fault of a document and its place: rule, parameter, name within the parameter."""

    place: tuple[str, ...]
    problem: str
    unknown: bool = False  # The last name of the place does not exist.

    def __str__(self) -> str:
        path = "rules"
        for name in self.place:
            path = path_of(path, name)
        return f"{path}: {self.problem}"


class LimitsError(ValueError):
    """A limits document names something unknown or gives a parameter an invalid value."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(islice(faults, FAULTS_MAX))
        super().__init__("; ".join(str(fault) for fault in self.faults))


def canonical(rules: Rules) -> str:
    """Return a document's rules as canonical JSON, which is stored and compared."""
    return encode_plain(rules).decode()


def validate(rules: Rules, below: Rules | None = None) -> None:
    """Raise LimitsError unless a document can be used on top of the one below it."""
    error = LimitsError(_all_faults(rules, below or {}))
    if error.faults:
        raise error


def _all_faults(rules: Rules, below: Rules) -> Iterator[Fault]:
    yield from faults_of(rules)
    yield from _halves(supported(rules), supported(below))


def faults_of(rules: Rules) -> Iterator[Fault]:
    """Yield the faults of a document by itself, whatever lies below it."""
    for name, values in rules.items():
        kind = NAMES.get(name)
        if kind is None:
            yield Fault((name,), f"there is no such rule{_hint(name, NAMES)}", unknown=True)
            continue
        for parameter, value in values.items():
            yield from _faults_in(name, parameter, value)


def _faults_in(name: str, parameter: str, value: object) -> Iterator[Fault]:
    kind = NAMES[name]
    if parameter not in kind.__struct_fields__:
        hint = _hint(parameter, kind.__struct_fields__)
        yield Fault((name, parameter), f"there is no such parameter{hint}", unknown=True)
        return
    for where, problem in wrong_values(kind, parameter, value):
        yield Fault((name, parameter, *where), problem)


def supported(rules: Rules) -> Rules:
    """Return a document without the parameters that this release does not accept."""
    return {
        name: {key: value for key, value in values.items() if _is_supported(name, key, value)}
        for name, values in rules.items()
        if name in NAMES
    }


def _is_supported(name: str, parameter: str, value: object) -> bool:
    kind = NAMES[name]
    return parameter in kind.__struct_fields__ and not any(wrong_values(kind, parameter, value))


def converted(name: str, values: Mapping[str, Any], kind: type[P]) -> P:
    """Convert the parameters of a rule or group. Raise LimitsError when one is invalid."""
    try:
        return convert(values, kind)
    except (msgspec.ValidationError, DecodeError) as error:
        raise LimitsError([Fault((name,), str(error))]) from None


def _halves(rules: Rules, below: Rules) -> Iterator[Fault]:
    """Yield a fault for each rule that lacks a needed parameter, counting the document below."""
    merged = merge(below, rules)
    for name, values in rules.items():
        if name in RULES and values:
            rule = converted(name, merged[name], RULES[name])
            fault = half(rule) or _idle(rule, values)
            if fault is not None:
                yield fault


def half(rule: Rule) -> Fault | None:
    """Return a fault for a parameter that does nothing because another one is unset."""
    lacking = rule.lacking
    if not rule.enabled or lacking is None:
        return None
    return Fault((rule.NAME, lacking.parameter), _needs([lacking.missing]))


def _idle(rule: Rule, values: Mapping[str, object]) -> Fault | None:
    """Return a fault when a document sets parameters of a rule whose limit is unset."""
    if not rule.enabled or rule.ready or not rule.NEEDED:
        return None
    named = [name for name, value in values.items() if value is not None]
    return Fault((rule.NAME, named[0]), _needs(rule.NEEDED)) if named else None


def _needs(sets: Iterable[tuple[str, ...]]) -> str:
    options = [" and ".join(names) for names in sets]
    pronoun = "it" if options == [options[0]] and " " not in options[0] else "them"
    return f"does nothing without {', or '.join(options)}: set {pronoun} as well"


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f", did you mean {near}?" if near else ""
