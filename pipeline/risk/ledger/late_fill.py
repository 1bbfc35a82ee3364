"""Late fills: a fill executed before the current day's open belongs to its own day.

Its effect on equity at a later open is its PnL up to the mark at that open, less its fee. Added to
the start equity of that open, every later PnL is as if the fill had arrived in time.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.windows import ClosedDay, Window
from pipeline.risk.baselines import shift_starts
from pipeline.risk.numbers import ZERO
from pipeline.risk.turn import Turn

Effect = Callable[[dict[str, Decimal]], Decimal]


class Late(Struct, frozen=True, gc=False):
    name: str  # Of the fill, for people.
    executed_ms: int
    effect: Effect  # On equity at an open with these marks, in the account's currency.


def correct_windows(turn: Turn, late: Late) -> None:
    """Correct start equities and closed days for a fill executed before today."""
    day, week = turn.account.windows.day, turn.account.windows.week
    if day is None or week is None or late.executed_ms >= day.span.start_ms:
        return
    closed = _corrected(turn.account.windows.closed_days, late, last=day)
    _report(turn, late, closed)
    turn.set_windows(closed_days=closed)
    shift_starts(turn, late.effect(day.marks), week=False)
    if late.executed_ms < week.span.start_ms:
        shift_starts(turn, late.effect(week.marks), day=False)


def _corrected(days: tuple[ClosedDay, ...], late: Late, *, last: Window) -> tuple[ClosedDay, ...]:
    """Shift each closed day's PnL by the fill's effect at its end minus the effect at its open."""
    if not days:
        return ()  # The account opened today.
    ends = [*(day.marks for day in days[1:]), last.marks]
    corrected = []
    for day, end_marks in zip(days, ends, strict=True):
        if day.pnl is None or late.executed_ms >= day.span.end_ms:
            corrected.append(day)
            continue
        at_open = late.effect(day.marks) if late.executed_ms < day.span.start_ms else ZERO
        corrected.append(replace(day, pnl=day.pnl + late.effect(end_marks) - at_open))
    return tuple(corrected)


def _report(turn: Turn, late: Late, corrected: tuple[ClosedDay, ...]) -> None:
    for before, after in zip(turn.account.windows.closed_days, corrected, strict=True):
        if before.span.start_ms <= late.executed_ms < before.span.end_ms:
            reason = f"{late.name} belongs to {before.span.label}"
            turn.alert(Cause("late_fill", reason, after.pnl, before.pnl))
            return
    turn.alert(Cause("late_fill", f"{late.name} belongs to a day that is no longer kept"))
