"""The history of each account, collected step by step: equity, round trips, stops and decisions.

Its memory is bounded by the number of accounts, periods, round trips and stops; the curve is
thinned.
"""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from pipeline.outputs.stops import StopView, apply_row
from pipeline.risk.account.account import Account
from pipeline.risk.numbers import ZERO
from pipeline.risk.step import Step
from pipeline.risk.valuation.equity import plain_equity
from topics.decisions import Decision
from topics.emergency_stops import EmergencyStop
from topics.events import Event, FillEvent, PositionEvent

__all__ = ["APPROVED", "SLOT_MS", "AccountHistory", "Histories", "Point"]

CURVE_MAX = 4000
SLOT_MS = 300_000  # Decisions are counted in slots of five minutes.
APPROVED = "approved"


class Point(NamedTuple):
    """One point of an account's curve."""

    at_ms: int
    equity: float  # In the account's currency.
    drawdown_ratio: float  # Fall from the highest unit value so far; cash flows do not count.


class AccountHistory:
    """One account from its first event on.

    A unit is what 1 invested at the beginning has become. Cash flows are taken out of equity before
    its growth is measured, so a deposit is not a return.
    """

    def __init__(self, account: Account, *, period_ms: int) -> None:
        self.currency: str | None = None
        self.curve: list[Point] = []
        self.results: list[Decimal] = []  # The PnL of each round trip, in the order they ended.
        self.stops: dict[str, StopView] = {}  # By stop_id, in the order in which they opened.
        self.decisions: Counter[tuple[int, str]] = Counter()  # By slot and deciding rule.
        self.drawdown_max = ZERO  # In the account's currency.
        self.drawdown_ratio_max = 0.0
        self.pnl = ZERO  # Since the beginning, unrealized PnL included.
        self._period_ms = period_ms
        self._units: dict[int, float] = {}  # At the end of each period.
        self._unit = self._unit_max = 1.0
        self._pnl_max = ZERO
        self.equity: Decimal | None = None  # At the newest marks.
        self._flows = ZERO
        self.first_ms: int | None = None  # Of its first and newest event here.
        self.newest_ms: int | None = None
        self._quantities: dict[str, Decimal] = {}
        self._realized: dict[str, Decimal] = {}  # By symbol, when it was last flat.
        if account.applied.sequence > 1:
            self._begin_amid(account)

    @property
    def returns(self) -> list[float]:
        """The return of each period in which the account had an event, in order of time."""
        units = [1.0, *self._units.values()]
        return [now / before - 1 for before, now in pairwise(units) if before]

    @property
    def positions(self) -> dict[str, Decimal]:
        """What it holds after its newest event: signed quantities by symbol."""
        return {symbol: held for symbol, held in self._quantities.items() if held}

    def apply(self, event: Event, account: Account, step: Step) -> None:
        """Record what a step changed."""
        self.newest_ms = account.applied.clock_ms
        self.first_ms = self.newest_ms if self.first_ms is None else self.first_ms
        self.currency = account.capital.currency
        self._value(account)
        if isinstance(event, FillEvent | PositionEvent):
            self._close(account, event.body.symbol)
        for output in step.outputs:
            if isinstance(output, Decision) and output.verdict != "ignored":
                self.decisions[output.at_ms // SLOT_MS, _deciding(output)] += 1
            elif isinstance(output, EmergencyStop):
                apply_row(self._stop(output.stop_id, output.account_id), output)

    def _begin_amid(self, account: Account) -> None:
        """Begin with a snapshot: what was realized before does not count, open stops do."""
        for symbol, holding in account.holdings.items():
            self._quantities[symbol] = holding.quantity
            self._realized[symbol] = holding.realized
        for stop in account.halts.stops:
            view = self._stop(stop.stop_id, account.account_id)
            view.rule, view.measured, view.limit = stop.rule, stop.measured, stop.limit
            view.opened_at_ms, view.ends_at_ms = stop.opened_ms, stop.ends_ms

    def _stop(self, stop_id: str, account_id: str) -> StopView:
        return self.stops.setdefault(stop_id, StopView(stop_id=stop_id, account_id=account_id))

    def _value(self, account: Account) -> None:
        equity = plain_equity(account)
        if equity is None:
            return
        flow = account.capital.net_flows - self._flows
        if self.equity is not None:
            self.pnl += equity - flow - self.equity
            if self.equity > ZERO:
                self._unit *= max(float((equity - flow) / self.equity), 0.0)
        changed = equity != self.equity
        self.equity, self._flows = equity, account.capital.net_flows
        self._units[account.applied.clock_ms // self._period_ms] = self._unit
        self._pnl_max = max(self._pnl_max, self.pnl)
        self._unit_max = max(self._unit_max, self._unit)
        self.drawdown_max = max(self.drawdown_max, self._pnl_max - self.pnl)
        fallen = 1 - self._unit / self._unit_max
        self.drawdown_ratio_max = max(self.drawdown_ratio_max, fallen)
        if changed:
            self._draw(Point(account.applied.clock_ms, float(equity), fallen))

    def _draw(self, point: Point) -> None:
        self.curve.append(point)
        if len(self.curve) > CURVE_MAX:
            # Drop every other point, so memory stays bounded and the shape of the curve remains.
            self.curve = [*self.curve[:-1:2], point]

    def _close(self, account: Account, symbol: str) -> None:
        """Record the result of a round trip when the position becomes flat or changes its side."""
        holding = account.holdings.get(symbol)
        if holding is None:
            return
        before, now = self._quantities.get(symbol, ZERO), holding.quantity
        if before and (not now or (before > ZERO) != (now > ZERO)):
            self.results.append(holding.realized - self._realized.get(symbol, ZERO))
            self._realized[symbol] = holding.realized
        self._quantities[symbol] = now


class Histories:
    """The histories of all accounts, by account_id."""

    def __init__(self, *, period_ms: int) -> None:
        self.period_ms = period_ms
        self.accounts: dict[str, AccountHistory] = {}

    def apply(self, event: Event, step: Step) -> None:
        """Record what a step changed in its account."""
        account = step.account
        if account is None or step.repeated:
            return
        history = self.accounts.get(account.account_id)
        if history is None:
            history = AccountHistory(account, period_ms=self.period_ms)
            self.accounts[account.account_id] = history
        history.apply(event, account, step)


def _deciding(decision: Decision) -> str:
    if decision.verdict == APPROVED:
        return APPROVED
    return decision.binding_rule or next(iter(decision.reasons), "instrument")
