"""How much was lost: the figures of day, week and peak, plain and for a loss rule."""

from collections.abc import Callable

from tests.oracle.model.account import Account, Window
from tests.oracle.model.exact import Number, measure

__all__ = ["Loss", "drawdown_ratio", "has_no_base", "loss_of", "window_pnl"]

ZERO = Number(0)
# What is measured, the limit, whether limit is a minimum, what the ratio is multiplied with.
Loss = tuple[Number | None, Number | None]


def window_pnl(window: Window | None, equity: Number | None) -> Number | None:
    """Return the PnL of a day or a week as it is reported."""
    if window is None or equity is None or window.start_equity is None:
        return None
    return equity - window.start_equity - window.flows


def drawdown_ratio(peak: Number, equity: Number | None) -> Number | None:
    """Return the fall from a peak."""
    if equity is None:
        return None
    if peak <= 0:
        return ZERO if equity >= 0 else Number(1)
    return measure((peak - equity) / peak)


def _start(window: Window | None) -> tuple[Number, Number, Number] | None:
    """Return what a loss is measured from: equity then, flows and deposits since."""
    if window is None:
        return None
    if window.baseline is not None:
        return window.baseline, window.baseline_flows, window.baseline_deposits
    if window.start_equity is None:
        return None
    return window.start_equity, window.flows, window.deposits


def has_no_base(account: Account, rule: str) -> bool:
    """Tell whether the base of a loss limit is zero or less."""
    if rule not in {"daily_loss", "weekly_loss"}:
        return False
    start = _start(account.day if rule == "daily_loss" else account.week)
    return start is not None and start[0] + start[2] <= 0


def _of_window(account: Account, window: Window | None, rule: str, equity: Number | None) -> Loss:
    start = _start(window)
    if start is None:
        return None, None
    ratio = account.limits.number(rule, f"{rule}_ratio_max")
    limits = [] if ratio is None else [ratio * (start[0] + start[2])]
    money = account.limits.number(rule, f"{rule}_max") if rule == "daily_loss" else None
    limits += [] if money is None else [money]
    measured = None if equity is None else -(equity - start[0] - start[1])
    return measured, min(limits)


def _daily(account: Account, equity: Number | None) -> Loss:
    return _of_window(account, account.day, "daily_loss", equity)


def _weekly(account: Account, equity: Number | None) -> Loss:
    return _of_window(account, account.week, "weekly_loss", equity)


def _drawdown(account: Account, equity: Number | None) -> Loss:
    peak = account.peak if account.peak_baseline is None else account.peak_baseline
    limit = account.limits.number("drawdown", "drawdown_ratio_max")
    return (None if account.currency is None else drawdown_ratio(peak, equity)), limit


def _floor(account: Account, equity: Number | None) -> Loss:
    ratio = account.limits.needed("balance_floor", "balance_ratio_min")
    known = None if account.currency is None else equity
    return known, ratio * (account.opening + account.flows)


LOSSES: dict[str, Callable[[Account, Number | None], Loss]] = {
    "balance_floor": _floor,
    "daily_loss": _daily,
    "weekly_loss": _weekly,
    "drawdown": _drawdown,
}


def loss_of(account: Account, rule: str, equity: Number | None) -> Loss:
    """Return what a loss rule measures at an equity, and its limit."""
    return LOSSES[rule](account, equity)
