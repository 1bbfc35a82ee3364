"""Baselines: what a loss rule measures from once its stop was resumed.

Only the rule that stopped starts anew; the others, and all reported figures, go on from where they
were. So no number of resumes loses more in a week than the weekly limit allows.
"""

from decimal import ROUND_FLOOR, Context, Decimal

from msgspec.structs import replace

from pipeline.risk.account.windows import Baseline
from pipeline.risk.numbers import EXACT, ZERO
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.equity import cautious_equity, plain_equity

_DRAWDOWN = "drawdown"
_MEASURED = {"daily_loss", "weekly_loss", _DRAWDOWN}  # A balance floor has no baseline.
_DOWN = Context(prec=34, rounding=ROUND_FLOOR)


def begin_baseline(turn: Turn, rule: str, equity: Decimal) -> None:
    """Let a loss rule measure from this equity on."""
    if rule in _MEASURED:
        turn.set_and_remeasure(baselines={**turn.account.baselines, rule: Baseline(equity)})


def end_baseline(turn: Turn, rule: str) -> None:
    """Let a loss rule measure from its window or the peak again."""
    baselines = turn.account.baselines
    if rule in baselines:
        left = {name: item for name, item in baselines.items() if name != rule}
        turn.set_and_remeasure(baselines=left)


def raise_peak(turn: Turn) -> None:
    """Let the peak follow equity, and the drawdown's baseline, which ends when it reaches it.

    Equity is fresh, and at the most cautious confirming marks: one bad mark up fakes no peak.
    """
    account, equity = turn.account, turn.view().equity
    baseline = account.baselines.get(_DRAWDOWN) if account.baselines else None
    if equity is None or equity <= (account.peak if baseline is None else baseline.start_equity):
        return
    cautious = cautious_equity(account)
    if cautious > account.peak:
        turn.set_and_remeasure(peak=cautious)
    if baseline is not None:
        _raise_baseline(turn, max(baseline.start_equity, cautious))


def _raise_baseline(turn: Turn, peak: Decimal) -> None:
    if peak >= turn.account.peak:
        end_baseline(turn, _DRAWDOWN)
    else:
        begin_baseline(turn, _DRAWDOWN, peak)


def flow_in_measures(turn: Turn, amount: Decimal) -> None:
    """Let a deposit (above zero) or a withdrawal change no PnL and no drawdown."""
    account = turn.account
    baselines = dict(account.baselines)
    for name, item in account.baselines.items():
        deposits = item.deposits + max(amount, ZERO)
        baselines[name] = replace(item, flows=item.flows + amount, deposits=deposits)
    if _DRAWDOWN in baselines:
        peak = _peak_after(turn, account.baselines[_DRAWDOWN].start_equity, amount)
        baselines[_DRAWDOWN] = Baseline(peak)
    turn.set_and_revalue(peak=_peak_after(turn, account.peak, amount), baselines=baselines)


def _peak_after(turn: Turn, peak: Decimal, amount: Decimal) -> Decimal:
    """Scale a peak like equity, so that a flow changes no drawdown."""
    equity = plain_equity(turn.account)
    if equity is not None and equity > 0 and equity + amount > 0:
        # Rounded down: an account at its limit must not fall past it by the last digit.
        return _DOWN.divide(EXACT.multiply(peak, equity + amount), equity)
    return max(peak + amount, ZERO if equity is None else equity + amount, ZERO)


def shift_starts(turn: Turn, by: Decimal, *, day: bool = True, week: bool = True) -> None:
    """Move the start equities of the windows that are open, and the baselines in them."""
    account = turn.account
    changes = {}
    if day and account.day is not None and account.day.start_equity is not None:
        changes["day"] = replace(account.day, start_equity=account.day.start_equity + by)
    if week and account.week is not None and account.week.start_equity is not None:
        changes["week"] = replace(account.week, start_equity=account.week.start_equity + by)
    turn.set_and_revalue(**changes)
    for name, moves in (("daily_loss", day), ("weekly_loss", week)):
        baseline = account.baselines.get(name)
        if moves and baseline is not None:
            moved = replace(baseline, start_equity=baseline.start_equity + by)
            turn.set_and_remeasure(baselines={**turn.account.baselines, name: moved})


def shift_peak(turn: Turn, by: Decimal) -> None:
    """Move the peak, and the baseline of the drawdown."""
    account = turn.account
    baseline = account.baselines.get(_DRAWDOWN)
    turn.set_and_remeasure(peak=account.peak + by)
    if baseline is not None:
        begin_baseline(turn, _DRAWDOWN, baseline.start_equity + by)
