"""Whether limits let more through than others: what `--never-looser` refuses.

Which way a parameter is looser its rule says, or the end of its name; where neither does, any
change counts as looser. A rule that judged and no longer does is looser whatever it says.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import get_args

from pipeline.risk.limits.document import NAMES
from pipeline.risk.limits.listing import listing
from pipeline.risk.parameters import ALL_OTHERS, OnBreach, Parameters, per_symbol

__all__ = ["Documents", "is_looser", "looser", "ways"]

Documents = tuple[str, str]  # Of `*` and of an account, canonical.
STRENGTHS = get_args(OnBreach)  # From the weakest on.


def looser(before: Documents, after: Documents) -> Iterator[tuple[str, str | None]]:
    """Yield each rule and parameter that lets more through; None: the rule itself is gone."""
    old, new = listing(*before), listing(*after)
    for name in new.idle:
        if name not in old.idle:
            yield name, None
    for (name, parameter), was in old.parameters.items():
        now = new.parameters[name, parameter]
        if is_looser(NAMES[name], parameter, old=was.value, new=now.value):
            yield name, parameter


def is_looser(kind: type[Parameters], parameter: str, *, old: object, new: object) -> bool:
    """Whether a parameter's new value lets more through than its old one, or may do so."""
    if old == new or parameter == "enabled":  # Whether a rule judges is looked at as a whole.
        return False
    if parameter == "on_breach":
        return STRENGTHS.index(str(new)) < STRENGTHS.index(str(old))
    towards = ways(kind, parameter)
    if towards == (True, True):
        return True
    names = {ALL_OTHERS, *_named(old), *_named(new)}
    return any(
        _is_moved(
            _of(kind, parameter, value=old, name=name),
            _of(kind, parameter, value=new, name=name),
            towards,
        )
        for name in names
    )


def ways(kind: type[Parameters], parameter: str) -> tuple[bool, bool]:
    """Whether more, and whether less of a parameter may let more through."""
    up, down = parameter in kind.LOOSER_UP, parameter in kind.LOOSER_DOWN
    if up or down:
        return up, down
    if parameter.endswith("_max"):
        return True, False
    return (False, True) if parameter.endswith("_min") else (True, True)


def _named(value: object) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


def _of(kind: type[Parameters], parameter: str, *, value: object, name: str) -> object:
    """Return what holds for one symbol or group; None: no limit."""
    if isinstance(value, dict):
        value = per_symbol(value, name)
    if value is None:
        return kind.UNSET_IS
    return None if value == 0 and parameter in kind.OFF_AT_ZERO else value


def _is_moved(old: object, new: object, towards: tuple[bool, bool]) -> bool:
    up, down = towards
    if old is None or new is None:
        return new is None and old is not None
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return bool((up and new - old) or (down and old - new))
    was, now = _number(old), _number(new)
    return (up and now > was) or (down and now < was)


def _number(value: object) -> Decimal:
    assert isinstance(value, int | Decimal)
    return Decimal(value)
