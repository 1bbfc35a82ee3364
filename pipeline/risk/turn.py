"""One event's turn: the account as it changes, and what the event brings out, in order.

The only mutable thing of the core; it lives for one step and never leaves it.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.account import EXPIRED_MAX, POSITIONS_MAX, Account, Memory, Shared
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.idle import drop_idle
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.account.totals import moved
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.order.risk_view import RiskView, risk_view
from pipeline.risk.outputs import USUAL_ACTIONS, FillMatch, Output
from pipeline.risk.valuation.equity import Valuation, value
from pipeline.risk.valuation.figures import recompute, reserved, revalue
from topics.alerts import Action, Alert, Level
from topics.events import Rate


class Savepoint(Struct, frozen=True, gc=False):
    account: Account
    limits: Limits
    counts: tuple[int, int, int, int]  # Of outputs, remembered and forgotten ids, kept fills.


class Turn:
    """Mutable on purpose: an event touches the account in several places, in order."""

    __slots__ = (
        "_holdings", "_ids", "_valuation", "_view", "account", "at_ms", "fill_match", "filled",
        "fills", "forget", "limits", "now_ms", "outputs", "rates", "recheck_all", "remember",
        "repeated_signal", "shared", "state_changed", "stops_before", "touched",
        "trading_changed", "violated",
    )  # fmt: skip

    def __init__(self, account: Account, shared: Shared, limits: Limits, *, at_ms: int) -> None:
        self.account = account
        self.shared = shared
        self.limits = limits
        self.at_ms = at_ms
        self.now_ms = account.clock_ms
        self.outputs: list[Output] = []
        self.rates: tuple[Rate, ...] = ()  # That came with the event.
        self.remember: list[Remembered] = []
        self.forget: list[Remembered] = []
        self.fills: list[KeptFill | ForgottenFills] = []
        self.state_changed = False  # Positions, reservations or limits.
        self.trading_changed = False
        self.filled = False
        self.fill_match: FillMatch | None = None  # How the fill of this event fits its order.
        self.repeated_signal = False
        self.violated = False
        self.stops_before = account.stops
        self.touched: dict[str, None] = {}  # Symbols of which anything changed, in order.
        self.recheck_all = account.wake_ms is None or account.clock_ms >= account.wake_ms
        self._ids = 0
        self._holdings: dict[str, Holding] | None = None
        self._view: RiskView | None = None
        self._valuation: Valuation | None = None

    def save(self) -> Savepoint:
        """Return a point to which `undo` can go back when a part of the event raises."""
        self._holdings = None  # The dictionary that the account has now is written no more.
        counts = (len(self.outputs), len(self.remember), len(self.forget), len(self.fills))
        return Savepoint(self.account, self.limits, counts)

    def undo(self, saved: Savepoint) -> None:
        """Go back to a savepoint; ids derived since are not used again."""
        self.account, self.limits = saved.account, saved.limits
        lists: tuple[list[Any], ...] = (self.outputs, self.remember, self.forget, self.fills)
        for items, count in zip(lists, saved.counts, strict=True):
            del items[count:]
        self._holdings = self._view = self._valuation = None

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
        if view is not None:
            self._view = replace(view, account=self.account)
        self.state_changed = True

    def expire(self, reservation: Reservation) -> None:
        """Stop counting a reservation; a bounded number is kept, to be restored by a late fill."""
        self.reserve(reservation)
        key = (reservation.symbol, reservation.signal_id)
        kept = [*(other for other in self.account.expired if other != key), key]
        for symbol, signal_id in kept[:-EXPIRED_MAX]:
            holding = self.holding(symbol)
            old = holding.reservations.get(signal_id)
            if old is not None and old.phase == "expired":
                self.reserve(replace(old, phase="ended"))
        self.set_unmeasured(expired=tuple(kept[-EXPIRED_MAX:]))

    def set_and_revalue(self, **changes: object) -> None:
        """Change fields that equity depends on; valuation and view are computed again."""
        self.account = replace(self.account, **changes)
        self._view = self._valuation = None

    def set_and_remeasure(self, **changes: object) -> None:
        """Change fields that rules measure against, but not equity: the peak, the windows."""
        self.account = replace(self.account, **changes)
        self._view = None

    def set_unmeasured(self, **changes: object) -> None:
        """Change fields that neither the valuation nor any account limit reads."""
        self.account = replace(self.account, **changes)

    def switch_limits(self, limits: Limits) -> None:
        """Judge the rest of the event by other limits."""
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

    def next_id(self) -> str:
        """Derive an id from the account, its sequence and a count within the event."""
        self._ids += 1
        return f"{self.account.account_id}:{self.account.sequence}:{self._ids}"

    def alert(self, cause: Cause, *, level: Level = "low", action: Action | None = None) -> None:
        """Alert a person; without an action the level implies one."""
        self.outputs.append(
            Alert(
                alert_id=self.next_id(),
                account_id=self.account.account_id,
                level=level,
                rule=cause.rule,
                action=action or USUAL_ACTIONS[level],
                message=cause.reason[:500],
                measured=cause.measured,
                limit=cause.limit,
                sequence=self.account.sequence,
                chain=self.account.chain,
                rules_version=self.shared.rules_version,
                at_ms=self.now_ms,
            )
        )

    def remember_id(self, identity: str, content: str = "") -> None:
        """Remember an id as the newest of the account's ring, and something with it."""
        memory = self.account.memory
        self.remember.append(Remembered(memory.next, identity, self.now_ms, content))
        oldest_ms = self.now_ms if memory.next == memory.first else memory.oldest_ms
        kept = Memory(memory.first, memory.next + 1, oldest_ms, memory.forgotten_ms)
        self.account = replace(self.account, memory=kept)
