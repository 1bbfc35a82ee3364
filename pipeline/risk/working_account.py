"""The account while one event changes it, with the valuation and the risk view computed from it.

Each record of the account has one setter, which knows what has to be computed again after it. No
outputs here: those are turn.py's.
"""

from typing import Unpack

from msgspec.structs import replace

from pipeline.risk.account.account import POSITIONS_MAX, Account, Shared
from pipeline.risk.account.changes import (
    AppliedChanges,
    CapitalChanges,
    CurrenciesChanges,
    DeadlinesChanges,
    MemoryChanges,
    OrdersChanges,
    RuleRecordsChanges,
    TradingHaltsChanges,
    WindowsChanges,
)
from pipeline.risk.account.documents import Document
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.idle import drop_idle
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.records import IdKind, Ring
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.account.totals import Totals, moved
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.order.risk_view import RiskView, risk_view
from pipeline.risk.valuation.equity import Valuation, value
from pipeline.risk.valuation.figures import recompute, reserved, revalue


class WorkingAccount:
    """Mutable on purpose: an event touches the account in several places, in order."""

    __slots__ = (
        "_holdings", "_valuation", "_view", "account", "fills", "limits", "now_ms", "recheck_all",
        "shared", "state_changed", "touched",
    )  # fmt: skip

    def __init__(self, account: Account, shared: Shared, limits: Limits) -> None:
        wake_ms, self.now_ms = account.deadlines.wake_ms, account.applied.clock_ms
        self.account = account
        self.shared = shared
        self.limits = limits
        self.touched: dict[str, None] = {}  # Symbols of which anything changed, in order.
        self.fills: list[KeptFill | ForgottenFills] = []
        self.state_changed = False  # Positions, reservations or limits.
        self.recheck_all = wake_ms is None or self.now_ms >= wake_ms
        self._holdings: dict[str, Holding] | None = None
        self._view: RiskView | None = None
        self._valuation: Valuation | None = None

    def holding(self, symbol: str) -> Holding:
        """Return what is known of a symbol; a blank holding when nothing is."""
        return self.account.holdings.get(symbol) or Holding(symbol)

    def replace_holding(self, holding: Holding) -> None:
        """Replace a holding whose figures are up to date."""
        account = self.account
        totals = moved(account.totals, account.holdings.get(holding.symbol), holding)
        if self._holdings is None:
            self._holdings = dict(account.holdings)
        if holding.symbol not in self._holdings and len(self._holdings) >= POSITIONS_MAX:
            self._let_go(drop_idle(self._holdings))
        self._holdings[holding.symbol] = holding
        self.touched[holding.symbol] = None
        self.account = replace(account, holdings=self._holdings, totals=totals)
        self._view = self._valuation = None

    def _let_go(self, holding: Holding | None) -> None:
        if holding is not None and holding.fills:
            self.fills.append(ForgottenFills(holding.symbol, holding.fills))

    def recompute_holding(self, holding: Holding) -> None:
        """Replace a holding and recompute all its figures."""
        self.replace_holding(recompute(holding))

    def revalue_holding(self, holding: Holding) -> None:
        """Replace a holding of which only quote and marks changed."""
        self.replace_holding(revalue(holding))

    def reserve(self, reservation: Reservation) -> None:
        """Add or replace a reservation; ended ones are dropped, expired ones are bounded."""
        valuation, view = self._valuation, self._view
        holding = self.holding(reservation.symbol)
        self.replace_holding(reserved(holding, reservation))
        self._valuation = valuation  # A reservation changes no value.
        self._view = view
        self._show()
        self.state_changed = True

    def _show(self) -> None:
        """Let the view show the account as it is; its own figures stay as they are."""
        if self._view is not None:
            self._view = replace(self._view, account=self.account)

    def set_capital(self, **changes: Unpack[CapitalChanges]) -> None:
        """Replace the capital; equity follows from it."""
        capital = replace(self.account.capital, **changes)
        self.account = replace(self.account, capital=capital)
        self._view = self._valuation = None

    def set_currencies(self, **changes: Unpack[CurrenciesChanges]) -> None:
        """Replace what is known of other currencies; equity follows from it."""
        currencies = replace(self.account.currencies, **changes)
        self.account = replace(self.account, currencies=currencies)
        self._view = self._valuation = None

    def set_windows(self, **changes: Unpack[WindowsChanges]) -> None:
        """Replace what PnL and drawdown are measured from; equity stays."""
        windows = replace(self.account.windows, **changes)
        self.account = replace(self.account, windows=windows)
        self._view = None

    def set_halts(self, **changes: Unpack[TradingHaltsChanges]) -> None:
        """Replace the open stops; equity stays."""
        halts = replace(self.account.halts, **changes)
        self.account = replace(self.account, halts=halts)
        self._show()

    def set_rules(self, **changes: Unpack[RuleRecordsChanges]) -> None:
        """Replace what stateful rules remember; equity stays."""
        rules = replace(self.account.rules, **changes)
        self.account = replace(self.account, rules=rules)
        self._show()

    def set_totals(self, totals: Totals) -> None:
        """Replace which sums are kept, or a deadline among them; no sum itself, so equity stays."""
        self.account = replace(self.account, totals=totals)
        self._show()

    def set_applied(self, **changes: Unpack[AppliedChanges]) -> None:
        """Replace how far the account is; no account limit reads it."""
        applied = replace(self.account.applied, **changes)
        self.account = replace(self.account, applied=applied)

    def set_orders(self, **changes: Unpack[OrdersChanges]) -> None:
        """Replace what is remembered of orders; no account limit reads it."""
        orders = replace(self.account.orders, **changes)
        self.account = replace(self.account, orders=orders)

    def set_memory(self, **changes: Unpack[MemoryChanges]) -> None:
        """Replace what was seen and reported; no account limit reads it."""
        memory = replace(self.account.memory, **changes)
        self.account = replace(self.account, memory=memory)

    def set_ring(self, kind: IdKind, ring: Ring) -> None:
        """Replace the ring of one kind of remembered id."""
        self.set_memory(rings={**self.account.memory.rings, kind: ring})

    def set_deadlines(self, **changes: Unpack[DeadlinesChanges]) -> None:
        """Replace when something must be looked at again; no account limit reads it."""
        deadlines = replace(self.account.deadlines, **changes)
        self.account = replace(self.account, deadlines=deadlines)

    def set_holdings(self, holdings: dict[str, Holding]) -> None:
        """Replace holdings in which nothing changed that the totals sum."""
        self._holdings = None
        self.account = replace(self.account, holdings=holdings)

    def set_document(self, document: Document, limits: Limits) -> None:
        """Take a limits document, and judge the rest of the event by the limits that follow."""
        self.account = replace(self.account, limits=document)
        self.limits = limits
        self.recheck_all = True
        self._view = self._valuation = None

    def view(self) -> RiskView:
        """Return the account as rules see it now; computed again only after a change."""
        if self._view is not None:
            return self._view
        valuation = self._valuation
        if valuation is None:
            age_ms_max = self.limits.prices.mark_age_ms_max
            valuation = self._valuation = value(self.account, self.now_ms, age_ms_max)
        view = risk_view(self.account, self.shared, common=self.limits.common, valuation=valuation)
        self._view = view
        return view

    def ahead(self, due_ms: int | None) -> int | None:
        """Return a time that is still to come, None for one that is over."""
        return due_ms if due_ms is not None and due_ms > self.now_ms else None
