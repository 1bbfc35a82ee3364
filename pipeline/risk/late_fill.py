"""Late fills: one executed before the current day's open belongs to its own day.

Its effect on equity at a later open is signed quantity x (mark at that open - price) - fee; added
to that open, every later PnL is as if the fill had come in time.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.cause import Cause
from pipeline.risk.numbers import ZERO
from pipeline.risk.turn import Turn
from pipeline.risk.windows import ClosedDay, Window
from topics.fills import Fill

Effect = Callable[[dict[str, Decimal]], Decimal]


def correct_windows(turn: Turn, fill: Fill, *, signed_quantity: Decimal, fee: Decimal) -> None:
    """Correct open equities and closed days for a late fill.

    signed_quantity: in units times the multiplier.
    """
    day, week = turn.account.day, turn.account.week
    if day is None or week is None:
        return

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return signed_quantity * (marks.get(fill.symbol, fill.price) - fill.price) - fee

    closed = _corrected(turn.account.closed_days, fill.executed_at_ms, effect, last=day)
    _tell(turn, fill, closed)
    turn.update(day=_shift(day, effect(day.marks)), closed_days=closed)
    if fill.executed_at_ms < week.span.start_ms:
        turn.update(week=_shift(week, effect(week.marks)))


def _shift(window: Window, by: Decimal) -> Window:
    if window.open_equity is None:
        return window
    return replace(window, open_equity=window.open_equity + by)


def _corrected(
    days: tuple[ClosedDay, ...], executed_ms: int, effect: Effect, *, last: Window
) -> tuple[ClosedDay, ...]:
    """Move each closed day's PnL by the effect at its end less the effect at its open."""
    ends = [*(day.marks for day in days[1:]), last.marks]
    corrected = []
    for day, end_marks in zip(days, ends, strict=True):
        if day.pnl is None or executed_ms >= day.span.end_ms:
            corrected.append(day)
            continue
        at_open = effect(day.marks) if executed_ms < day.span.start_ms else ZERO
        corrected.append(replace(day, pnl=day.pnl + effect(end_marks) - at_open))
    return tuple(corrected)


def _tell(turn: Turn, fill: Fill, corrected: tuple[ClosedDay, ...]) -> None:
    for before, after in zip(turn.account.closed_days, corrected, strict=True):
        if before.span.start_ms <= fill.executed_at_ms < before.span.end_ms:
            reason = f"fill {fill.fill_id} belongs to {before.span.label}"
            turn.alert(Cause("late_fill", reason, after.pnl, before.pnl))
            return
    turn.alert(Cause("late_fill", f"fill {fill.fill_id} belongs to a day that is no longer kept"))
