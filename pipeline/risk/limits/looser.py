"""Compares limits: `--never-looser` refuses a document that loosens any of them.

A rule states the direction in which a parameter is looser, or the suffix of its name does; where
neither does, any change counts as looser. A rule that stops applying is looser in any case.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import get_args

from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.listing import listing
from pipeline.risk.parameters import ALL_OTHERS, OnBreach, Parameters, per_symbol

__all__ = ["Documents", "is_looser", "looser", "ways"]

Documents = tuple[str, str]  # Of `*` and of an account; canonical text.
STRENGTHS = get_args(OnBreach)  # From the weakest to the strictest.


def looser(before: Documents, after: Documents) -> Iterator[tuple[str, str | None]]:
    """Yield each loosened rule and parameter; None where the whole rule stops applying."""
    old, new = listing(*before), listing(*after)
    for name in new.idle:
        if name not in old.idle:
            yield name, None
    for (name, parameter), was in old.parameters.items():
        now = new.parameters[name, parameter]
        if is_looser(NAMES[name], parameter, old=was.value, new=now.value):
            yield name, parameter


def is_looser(kind: type[Parameters], parameter: str, *, old: object, new: object) -> bool:
    """Return whether a parameter's new value is, or may be, looser than its old one."""
    if old == new or parameter == "enabled":  # `looser` compares whole rules.
        return False
    if parameter == "on_breach":
        return STRENGTHS.index(str(new)) < STRENGTHS.index(str(old))
    directions = ways(kind, parameter)
    if directions == (True, True):
        return True
    names = {ALL_OTHERS, *_named(old), *_named(new)}
    return any(
        _is_moved(
            _of(kind, parameter, value=old, name=name),
            _of(kind, parameter, value=new, name=name),
            directions,
        )
        for name in names
    )


def ways(kind: type[Parameters], parameter: str) -> tuple[bool, bool]:
    """Return whether a larger value, and whether a smaller value, may be looser."""
    up, down = parameter in kind.LOOSER_UP, parameter in kind.LOOSER_DOWN
    if up or down:
        return up, down
    if parameter.endswith("_max"):
        return True, False
    return (False, True) if parameter.endswith("_min") else (True, True)


def _named(value: object) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


def _of(kind: type[Parameters], parameter: str, *, value: object, name: str) -> object:
    """Return the value for one symbol or group; None means no limit."""
    if isinstance(value, dict):
        value = per_symbol(value, name)
    if value is None:
        return kind.UNSET_IS
    return None if value == 0 and parameter in kind.OFF_AT_ZERO else value


def _is_moved(old: object, new: object, directions: tuple[bool, bool]) -> bool:
    up, down = directions
    if old is None or new is None:
        return new is None and old is not None
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return bool((up and new - old) or (down and old - new))
    was, now = _number(old), _number(new)
    return (up and now > was) or (down and now < was)


def _number(value: object) -> Decimal:
    assert isinstance(value, int | Decimal)
    return Decimal(value)
