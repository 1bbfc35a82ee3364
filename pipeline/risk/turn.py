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
from pipeline.risk.order.risk_view import Standing, stand
from pipeline.risk.outputs import USUAL_ACTIONS, FillMatch, Output
from pipeline.risk.valuation.equity import Valuation, value
from pipeline.risk.valuation.figures import reserved, revalue, settle
from topics.alerts import Action, Alert, Level
from topics.events import Rate


class Savepoint(Struct, frozen=True, gc=False):
    account: Account
    limits: Limits
    counts: tuple[int, int, int, int]  # Of outputs, remembered and forgotten ids, kept fills.


class Turn:
    """Mutable on purpose: an event touches the account in several places, in order."""

    __slots__ = (
        "_holdings", "_ids", "_standing", "_valuation", "account", "at_ms", "fill_match", "filled",
        "fills", "forget", "limits", "look_at_all", "now_ms", "outputs", "rates", "remember",
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
        self.look_at_all = account.wake_ms is None or account.clock_ms >= account.wake_ms
        self._ids = 0
        self._holdings: dict[str, Holding] | None = None
        self._standing: Standing | None = None
        self._valuation: Valuation | None = None

    def save(self) -> Savepoint:
        """Remember where the turn stands, so that a part of it that raises can be undone."""
        self._holdings = None  # The dictionary that the account has now is written no more.
        counts = (len(self.outputs), len(self.remember), len(self.forget), len(self.fills))
        return Savepoint(self.account, self.limits, counts)

    def undo(self, saved: Savepoint) -> None:
        """Go back to a savepoint; ids that were derived since are not used again."""
        self.account, self.limits = saved.account, saved.limits
        lists: tuple[list[Any], ...] = (self.outputs, self.remember, self.forget, self.fills)
        for items, count in zip(lists, saved.counts, strict=True):
            del items[count:]
        self._holdings = self._standing = self._valuation = None

    def holding(self, symbol: str) -> Holding:
        """Return what is known of a symbol; a blank holding when nothing is."""
        return self.account.holdings.get(symbol) or Holding(symbol)

    def put(self, holding: Holding) -> None:
        """Replace a holding whose figures are settled."""
        account = self.account
        totals = moved(account.totals, account.holdings.get(holding.symbol), holding)
        if self._holdings is None:
            self._holdings = dict(account.holdings)
        if holding.symbol not in self._holdings and len(self._holdings) >= POSITIONS_MAX:
            self._let_go(drop_idle(self._holdings))
        self._holdings[holding.symbol] = holding
        self.touched[holding.symbol] = None
        self.account = replace(account, holdings=self._holdings, totals=totals)
        self._standing = self._valuation = None

    def _let_go(self, holding: Holding | None) -> None:
        if holding is not None and holding.fills:
            self.fills.append(ForgottenFills(holding.symbol, holding.fills))

    def settle(self, holding: Holding) -> None:
        """Put a holding of which anything changed."""
        self.put(settle(holding))

    def revalue(self, holding: Holding) -> None:
        """Put a holding of which only quote and marks changed."""
        self.put(revalue(holding))

    def reserve(self, reservation: Reservation) -> None:
        """Put a reservation in place; ended ones leave, expired ones are bounded."""
        valuation, standing = self._valuation, self._standing
        holding = self.holding(reservation.symbol)
        self.put(reserved(holding, reservation))
        self._valuation = valuation  # A reservation changes no value.
        if standing is not None:
            self._standing = replace(standing, account=self.account)
        self.state_changed = True

    def expire(self, reservation: Reservation) -> None:
        """Let a reservation count no more; a bounded number is kept to be restored."""
        self.reserve(reservation)
        key = (reservation.symbol, reservation.signal_id)
        kept = [*(other for other in self.account.expired if other != key), key]
        for symbol, signal_id in kept[:-EXPIRED_MAX]:
            holding = self.holding(symbol)
            old = holding.reservations.get(signal_id)
            if old is not None and old.phase == "expired":
                self.reserve(replace(old, phase="ended"))
        self.note(expired=tuple(kept[-EXPIRED_MAX:]))

    def update(self, **changes: object) -> None:
        """Change fields of the account that its value depends on."""
        self.account = replace(self.account, **changes)
        self._standing = self._valuation = None

    def measure_anew(self, **changes: object) -> None:
        """Change fields that rules measure against, but no value: the peak, the windows."""
        self.account = replace(self.account, **changes)
        self._standing = None

    def note(self, **changes: object) -> None:
        """Change fields of the account that no valuation and no rule's watch reads."""
        self.account = replace(self.account, **changes)

    def use(self, limits: Limits) -> None:
        """Judge the rest of the event by other limits."""
        self.limits = limits
        self.look_at_all = True
        self._standing = self._valuation = None

    def standing(self) -> Standing:
        """Where the account stands now; computed again only after a change."""
        standing = self._standing
        if standing is not None:
            return standing
        valuation = self._valuation
        if valuation is None:
            age_ms_max = self.limits.prices.mark_age_ms_max
            valuation = self._valuation = value(self.account, self.now_ms, age_ms_max)
        standing = stand(self.account, self.shared, common=self.limits.common, valuation=valuation)
        self._standing = standing
        return standing

    def next_id(self) -> str:
        """Derive an id from the account, its sequence and a count within the event."""
        self._ids += 1
        return f"{self.account.account_id}:{self.account.sequence}:{self._ids}"

    def alert(self, cause: Cause, *, level: Level = "low", action: Action | None = None) -> None:
        """Tell a person; the action follows from the level unless it is said."""
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

    def keep(self, identity: str, content: str = "") -> None:
        """Remember an id as the newest of the account's ring, and something with it."""
        memory = self.account.memory
        self.remember.append(Remembered(memory.next, identity, self.now_ms, content))
        oldest_ms = self.now_ms if memory.next == memory.first else memory.oldest_ms
        kept = Memory(memory.first, memory.next + 1, oldest_ms, memory.forgotten_ms)
        self.account = replace(self.account, memory=kept)
