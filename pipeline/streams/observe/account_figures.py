"""What metrics show of accounts: how many are in each trading state, how near they are to their
loss limits and, if the settings allow it, the names of a few: stopped, and nearest to a limit.

A file of its own because broadcast acts on the rows, and nothing acts on these figures.
"""

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from typing import NamedTuple, get_args

from pipeline.risk.account.account import Shared
from pipeline.risk.limits.in_force import limits_of
from pipeline.streams.observe import metrics
from topics.account_states import AccountState
from topics.fields import TradingState

__all__ = ["Figures", "figures_of", "show_accounts", "show_rules"]

NEAR_RATIO = 0.2
_SUFFIX = "_headroom_ratio"
_BY_RULE = (metrics.LEAST_HEADROOM, metrics.NEAR_LIMIT)
_BY_NAME = (
    metrics.ACCOUNT_STOPPED,
    metrics.ACCOUNT_EQUITY,
    metrics.ACCOUNT_DRAWDOWN,
    metrics.ACCOUNT_DAILY_PNL,
    metrics.ACCOUNT_HEADROOM,
)


class Figures(NamedTuple):
    """An account as it is shown; floats, as Prometheus knows nothing else."""

    account_id: str
    trading_state: str
    currency: str
    equity: float | None
    drawdown_ratio: float | None
    daily_pnl: float | None
    headrooms: tuple[tuple[str, float], ...]  # By rule.
    positions: int  # That are not flat.
    prevented: float = 0.0  # Net loss that refused orders would have made after a day.

    @property
    def holding(self) -> bool:
        """Whether the account has a position."""
        return self.positions > 0

    @property
    def least(self) -> float:
        """What is left of the nearest limit, as a fraction of it."""
        return min((ratio for _, ratio in self.headrooms), default=1.0)


def figures_of(state: AccountState) -> Figures:
    """Return the figures of a row."""
    return Figures(
        state.account_id,
        state.trading_state,
        state.currency or "",
        None if state.equity is None else float(state.equity),
        None if state.drawdown_ratio is None else float(state.drawdown_ratio),
        None if state.daily is None or state.daily.pnl is None else float(state.daily.pnl),
        tuple(
            (name.removesuffix(_SUFFIX), float(ratio))
            for name, ratio in state.statistics.items()
            if name.endswith(_SUFFIX)
        ),
        sum(position.quantity != 0 for position in state.positions),
        float(state.statistics.get("prevented_loss", 0)),
    )


def show_rules(shared: Shared) -> None:
    """Show which rules judge: a rule that is off or has no limit appears in no check."""
    for name, rule in limits_of(shared.limits.in_force, "{}").rules.items():
        metrics.RULE_ENABLED.labels(name).set(rule.judges)


def show_accounts(accounts: Iterable[Figures], *, named_max: int) -> None:
    """Set the gauges. A halted account counts as halted, and no longer as near to a limit."""
    metrics.clear(metrics.ACCOUNTS, metrics.PREVENTED_LOSS, *_BY_RULE, *_BY_NAME)
    known = list(accounts)
    counts = Counter(item.trading_state for item in known)
    for trading_state in get_args(TradingState):  # A missing series does not say 0.
        metrics.ACCOUNTS.labels(trading_state).set(counts[trading_state])
    _show_prevented(known)
    halted = [item for item in known if item.trading_state == "halted"]
    metrics.HALTED_HOLDING.set(sum(item.holding for item in halted))
    _show_stopped([item for item in known if item.trading_state != "active"], named_max)
    active = [item for item in known if item.trading_state == "active"]
    _show_headrooms(active)
    for item in nsmallest(named_max, active, key=lambda item: (item.least, item.account_id)):
        _show(item)


def _show_prevented(known: Iterable[Figures]) -> None:
    sums: dict[str, float] = {}
    for item in known:
        if item.currency:  # Unknown before the opening.
            sums[item.currency] = sums.get(item.currency, 0.0) + item.prevented
    for currency, prevented in sums.items():
        metrics.PREVENTED_LOSS.labels(currency).set(prevented)


def _show_stopped(stopped: Iterable[Figures], named_max: int) -> None:
    # Whoever is called reads these names in the message; what is not flat is the most urgent.
    for item in nsmallest(named_max, stopped, key=lambda item: (-item.positions, item.account_id)):
        metrics.ACCOUNT_STOPPED.labels(item.account_id, item.trading_state).set(item.positions)


def _show_headrooms(active: Iterable[Figures]) -> None:
    least: dict[str, float] = {}
    near: Counter[str] = Counter()
    for item in active:
        for rule, ratio in item.headrooms:
            least[rule] = min(ratio, least.get(rule, ratio))
            near[rule] += ratio < NEAR_RATIO
    for rule, ratio in least.items():
        metrics.LEAST_HEADROOM.labels(rule).set(ratio)
        metrics.NEAR_LIMIT.labels(rule).set(near[rule])


def _show(item: Figures) -> None:
    name = item.account_id
    if item.equity is not None:
        metrics.ACCOUNT_EQUITY.labels(name, item.currency).set(item.equity)
    if item.drawdown_ratio is not None:
        metrics.ACCOUNT_DRAWDOWN.labels(name).set(item.drawdown_ratio)
    if item.daily_pnl is not None:
        metrics.ACCOUNT_DAILY_PNL.labels(name, item.currency).set(item.daily_pnl)
    if item.headrooms:
        metrics.ACCOUNT_HEADROOM.labels(name).set(item.least)
