"""Rolls day and week before the event that crosses the boundary, at the marks known then."""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.windows import (
    DAYS_KEPT,
    ClosedDay,
    Span,
    Window,
    day_at,
    week_at,
    week_named,
)
from pipeline.risk.baselines import end_baseline
from pipeline.risk.numbers import ZERO
from pipeline.risk.turn import Turn

_DAY_MS = 86_400_000


def roll(turn: Turn) -> bool:
    """Open the windows that the clock is in; return whether a day was closed."""
    day, week = turn.account.windows.day, turn.account.windows.week
    if day is None or week is None:
        return False
    over = turn.now_ms >= day.span.end_ms
    if over:
        week = _in_the_zone(turn, day, week)
    week_over = turn.now_ms >= week.span.end_ms
    if not (over or week_over):
        return False
    equity = turn.view().valuation.equity
    marks = open_marks(turn)
    if over:
        _roll_day(turn, day, equity, marks=marks)
    if week_over:
        span = _current(turn, week.span, week_at)
        turn.set_windows(week=Window(span, equity, marks=marks))
        end_baseline(turn, "weekly_loss")
    return over


def roll_ms(turn: Turn) -> int | None:
    """When the day or the week that runs is over."""
    day, week = turn.account.windows.day, turn.account.windows.week
    return None if day is None or week is None else min(day.span.end_ms, week.span.end_ms)


def open_marks(turn: Turn) -> dict[str, Decimal]:
    """Return the marks of all positions; a window keeps them for late fills."""
    return {
        holding.symbol: mark
        for holding in turn.account.holdings.values()
        if (mark := holding.mark) is not None
    }


def _in_the_zone(turn: Turn, day: Window, week: Window) -> Window:
    """Switch day and week to a changed zone, at the day roll of the old zone.

    The current week keeps its start equity and ends as the new zone has it.
    """
    clock = (turn.limits.account.zone, turn.limits.account.day_roll)
    if clock == turn.account.windows.rolls_by:
        return week
    span, named = week.span, week_named(week.span.label, *clock)
    end_ms = max(named.end_ms, day.span.end_ms)
    week = replace(week, span=Span(span.label, span.start_ms, end_ms))
    turn.set_windows(rolls_by=clock, week=week)
    return week


def _roll_day(
    turn: Turn, day: Window, equity: Decimal | None, *, marks: dict[str, Decimal]
) -> None:
    """Close the day, and idle days since then with a PnL of zero."""
    closed = [*turn.account.windows.closed_days, ClosedDay(day.span, day.pnl(equity), day.marks)]
    span = _next(turn, _latest(turn, day.span), day_at)
    while turn.now_ms >= span.end_ms:
        quiet = None if equity is None else ZERO
        closed.append(ClosedDay(span, quiet, marks))
        span = _next(turn, span, day_at)
    turn.set_windows(day=Window(span, equity, marks=marks), closed_days=tuple(closed[-DAYS_KEPT:]))
    turn.set_halts(resumes=0)
    end_baseline(turn, "daily_loss")


def _current(turn: Turn, span: Span, at: Callable[[int, str, str], Span]) -> Span:
    """Return the window that the clock is in, however many were missed."""
    clock = turn.limits.account
    following = _next(turn, span, at)
    if turn.now_ms < following.end_ms:
        return following
    return at(turn.now_ms, clock.zone, clock.day_roll)


def _latest(turn: Turn, span: Span) -> Span:
    """Skip idle days that would not be kept, so that a long sleep costs little."""
    kept_ms = turn.now_ms - (DAYS_KEPT + 2) * _DAY_MS
    if span.end_ms >= kept_ms:
        return span
    clock = turn.limits.account
    return day_at(kept_ms, clock.zone, clock.day_roll)


def _next(turn: Turn, span: Span, at: Callable[[int, str, str], Span]) -> Span:
    """Return the window after this one; they never overlap, even when the zone changes."""
    clock = turn.limits.account
    following = at(span.end_ms, clock.zone, clock.day_roll)
    return Span(following.label, max(following.start_ms, span.end_ms), following.end_ms)


def open_unknown(turn: Turn) -> None:
    """Set a window's start equity once equity is known, if a mark was missing at its roll."""
    account = turn.account
    day, week = account.windows.day, account.windows.week
    if day is None or week is None:
        return
    if day.start_equity is not None and week.start_equity is not None:
        return
    equity = turn.view().valuation.equity
    if equity is not None:
        turn.set_windows(day=_opened(day, equity), week=_opened(week, equity))


def _opened(window: Window, equity: Decimal) -> Window:
    if window.start_equity is not None:
        return window
    return Window(
        window.span,
        equity - window.flows,
        window.flows,
        window.deposits,
        window.realized,
        window.marks,
    )
