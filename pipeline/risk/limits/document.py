"""Limits documents: what they may name, and the text that state keeps of them.

A document that does not validate is refused whole, with everything that is wrong with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from pipeline.risk.limits.values import wrong_values
from pipeline.risk.parameters import GROUPS, Parameters
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from topics.codec import DecodeError, encode_plain
from topics.explain import path_of
from topics.text import nearest

Rules = dict[str, dict[str, Any]]  # As documents carry them; each rule types its own.
P = TypeVar("P", bound=Parameters)

NAMES: dict[str, type[Parameters]] = {**RULES, **GROUPS}
FAULTS_MAX = 20  # Of a document: more say nothing more, and looking for them takes long.


class Fault(NamedTuple):
    """One thing that is wrong with a document, and where: rule, parameter, name within it."""

    place: tuple[str, ...]
    said: str
    unknown: bool = False  # The last name of the place is none.

    def __str__(self) -> str:
        path = "rules"
        for name in self.place:
            path = path_of(path, name)
        return f"{path}: {self.said}"


class LimitsError(ValueError):
    """A limits document names what is not there, or gives it a value it cannot have."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(islice(faults, FAULTS_MAX))
        super().__init__("; ".join(str(fault) for fault in self.faults))


def canonical(rules: Rules) -> str:
    """Return a document's rules as the text that state keeps and compares."""
    return encode_plain(rules).decode()


def validate(rules: Rules, below: Rules | None = None) -> None:
    """Raise LimitsError when a document cannot be used over the one below it."""
    error = LimitsError(_all_faults(rules, below or {}))
    if error.faults:
        raise error


def _all_faults(rules: Rules, below: Rules) -> Iterator[Fault]:
    yield from faults_of(rules)
    yield from _halves(sound(rules), sound(below))


def faults_of(rules: Rules) -> Iterator[Fault]:
    """Yield what no document may say, whatever lies below it."""
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
    for where, said in wrong_values(kind, parameter, value):
        yield Fault((name, parameter, *where), said)


def sound(rules: Rules) -> Rules:
    """Return a document without the parameters that this release cannot use."""
    return {
        name: {key: value for key, value in values.items() if _is_sound(name, key, value)}
        for name, values in rules.items()
        if name in NAMES
    }


def _is_sound(name: str, parameter: str, value: object) -> bool:
    kind = NAMES[name]
    return parameter in kind.__struct_fields__ and not any(wrong_values(kind, parameter, value))


def over(below: Rules, rules: Rules) -> Rules:
    """Return what two documents say together; those of the upper one win one by one."""
    merged = {name: dict(values) for name, values in below.items()}
    for name, values in rules.items():
        merged[name] = {**merged.get(name, {}), **values}
    return merged


def converted(name: str, values: Mapping[str, Any], kind: type[P]) -> P:
    """Read a rule's parameters. Raise LimitsError when one cannot be had."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except (msgspec.ValidationError, DecodeError) as error:
        raise LimitsError([Fault((name,), str(error))]) from None


def _halves(rules: Rules, below: Rules) -> Iterator[Fault]:
    """Yield the rules of which a document sets only a part, counting what lies below it."""
    merged = over(below, rules)
    for name, values in rules.items():
        if name in RULES and values:
            rule = converted(name, merged[name], RULES[name])
            fault = half(rule) or _idle(rule, values)
            if fault is not None:
                yield fault


def half(rule: Rule) -> Fault | None:
    """Say which parameter of a rule does nothing for want of another one."""
    lacking = rule.lacking
    if not rule.enabled or lacking is None:
        return None
    return Fault((rule.NAME, lacking.parameter), _needs([lacking.missing]))


def _idle(rule: Rule, values: Mapping[str, object]) -> Fault | None:
    """Say that what a document sets of a rule does nothing without its limit."""
    if not rule.enabled or rule.ready or not rule.NEEDED:
        return None
    named = [name for name, value in values.items() if value is not None]
    return Fault((rule.NAME, named[0]), _needs(rule.NEEDED)) if named else None


def _needs(sets: Iterable[tuple[str, ...]]) -> str:
    ways = [" and ".join(names) for names in sets]
    it = "it" if ways == [ways[0]] and " " not in ways[0] else "them"
    return f"does nothing without {', or '.join(ways)}: set {it} as well"


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f", did you mean {near}?" if near else ""
