"""Baselines: the equity from which a loss rule measures after its stop was resumed.

Only the rule of the stop starts again; other rules and all reported figures continue unchanged. So
resumes of the daily limit can never lose more in a week than the weekly limit allows.
"""

from decimal import ROUND_FLOOR, Context, Decimal

from msgspec.structs import replace

from pipeline.risk.account.windows import Baseline, Window
from pipeline.risk.numbers import EXACT, ZERO
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.equity import cautious_equity, plain_equity

_DRAWDOWN = "drawdown"
_MEASURED = {"daily_loss", "weekly_loss", _DRAWDOWN}  # A balance floor has no baseline.
_DOWN = Context(prec=34, rounding=ROUND_FLOOR)


def begin_baseline(turn: Turn, rule: str, equity: Decimal) -> None:
    """Let a loss rule measure from this equity."""
    if rule in _MEASURED:
        turn.set_windows(baselines={**turn.account.windows.baselines, rule: Baseline(equity)})


def end_baseline(turn: Turn, rule: str) -> None:
    """Let a loss rule measure from its window or the peak again."""
    baselines = turn.account.windows.baselines
    if rule in baselines:
        left = {name: item for name, item in baselines.items() if name != rule}
        turn.set_windows(baselines=left)


def raise_peak(turn: Turn) -> None:
    """Raise the peak and the drawdown's baseline with equity; at the peak, the baseline ends.

    Equity is fresh and at the most cautious confirming marks, so one bad high mark makes no peak.
    """
    windows, equity = turn.account.windows, turn.view().equity
    baseline = windows.baselines.get(_DRAWDOWN) if windows.baselines else None
    peak = windows.peak_equity if baseline is None else baseline.start_equity
    if equity is None or equity <= peak:
        return
    cautious = cautious_equity(turn.account)
    if cautious > windows.peak_equity:
        turn.set_windows(peak_equity=cautious)
    if baseline is not None:
        _raise_baseline(turn, max(baseline.start_equity, cautious))


def _raise_baseline(turn: Turn, peak: Decimal) -> None:
    if peak >= turn.account.windows.peak_equity:
        end_baseline(turn, _DRAWDOWN)
    else:
        begin_baseline(turn, _DRAWDOWN, peak)


def flow_in_measures(turn: Turn, amount: Decimal) -> None:
    """Adjust starts and peak, so that a deposit (positive) or withdrawal is no PnL or drawdown."""
    windows = turn.account.windows
    baselines = dict(windows.baselines)
    for name, item in windows.baselines.items():
        deposits = item.deposits + max(amount, ZERO)
        baselines[name] = replace(item, flows=item.flows + amount, deposits=deposits)
    if _DRAWDOWN in baselines:
        peak = _peak_after(turn, windows.baselines[_DRAWDOWN].start_equity, amount)
        baselines[_DRAWDOWN] = Baseline(peak)
    turn.set_windows(
        peak_equity=_peak_after(turn, windows.peak_equity, amount), baselines=baselines
    )


def _peak_after(turn: Turn, peak: Decimal, amount: Decimal) -> Decimal:
    """Scale a peak like equity, so that a flow changes no drawdown."""
    equity = plain_equity(turn.account)
    if equity is not None and equity > 0 and equity + amount > 0:
        # Rounded down, so that an account exactly at its limit does not breach it by rounding.
        return _DOWN.divide(EXACT.multiply(peak, equity + amount), equity)
    return max(peak + amount, ZERO if equity is None else equity + amount, ZERO)


def shift_starts(turn: Turn, by: Decimal, *, day: bool = True, week: bool = True) -> None:
    """Shift the start equities of the open windows, and the baselines in them."""
    windows = turn.account.windows
    baselines = dict(windows.baselines)
    for name, moves in (("daily_loss", day), ("weekly_loss", week)):
        baseline = baselines.get(name)
        if moves and baseline is not None:
            baselines[name] = replace(baseline, start_equity=baseline.start_equity + by)
    turn.set_windows(
        day=_shifted(windows.day, by) if day else windows.day,
        week=_shifted(windows.week, by) if week else windows.week,
        baselines=baselines,
    )


def _shifted(window: Window | None, by: Decimal) -> Window | None:
    if window is None or window.start_equity is None:
        return window
    return replace(window, start_equity=window.start_equity + by)


def shift_peak(turn: Turn, by: Decimal) -> None:
    """Scale the peak and the drawdown's baseline."""
    windows = turn.account.windows
    baseline = windows.baselines.get(_DRAWDOWN)
    turn.set_windows(peak_equity=windows.peak_equity + by)
    if baseline is not None:
        begin_baseline(turn, _DRAWDOWN, baseline.start_equity + by)
