"""One event's turn: the working account, and what the event brings out, in order.

The only mutable thing of the core; it lives for one step and never leaves it.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.account import EXPIRED_MAX, Account, Shared
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.records import IdKind
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.outputs import USUAL_ACTIONS, FillMatch, Output
from pipeline.risk.working_account import WorkingAccount
from topics.alerts import Action, Alert, Level
from topics.events import Rate
from topics.fields import TEXT_MAX


class Savepoint(Struct, frozen=True, gc=False):
    account: Account
    limits: Limits
    counts: tuple[int, int, int, int]  # Of outputs, remembered and forgotten ids, kept fills.


class Turn(WorkingAccount):
    """The working account, and all that its event brings out."""

    __slots__ = (
        "_ids", "at_ms", "fill_match", "filled", "forget", "outputs", "rates", "refused",
        "remember", "repeated_signal", "stops_before", "trading_changed", "violated",
    )  # fmt: skip

    def __init__(self, account: Account, shared: Shared, limits: Limits, *, at_ms: int) -> None:
        super().__init__(account, shared, limits)
        self.at_ms = at_ms
        self.outputs: list[Output] = []
        self.rates: tuple[Rate, ...] = ()  # That came with the event.
        self.remember: list[Remembered] = []
        self.forget: list[Remembered] = []
        self.trading_changed = False
        self.filled = False
        self.fill_match: FillMatch | None = None  # How the fill of this event fits its order.
        self.repeated_signal = False  # Its decision gets an id of its own.
        self.refused: str | None = None  # Why the event is set aside without an effect.
        self.violated = False
        self.stops_before = account.halts.stops
        self._ids = 0

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

    def expire(self, reservation: Reservation) -> None:
        """Stop counting a reservation; a bounded number is kept, to be restored by a late fill."""
        self.reserve(reservation)
        key = (reservation.symbol, reservation.signal_id)
        kept = [*(other for other in self.account.orders.expired if other != key), key]
        for symbol, signal_id in kept[:-EXPIRED_MAX]:
            holding = self.holding(symbol)
            old = holding.reservations.get(signal_id)
            if old is not None and old.phase == "expired":
                self.reserve(replace(old, phase="ended"))
        self.set_orders(expired=tuple(kept[-EXPIRED_MAX:]))

    def next_id(self) -> str:
        """Derive an id from the account, its sequence and a count within the event."""
        self._ids += 1
        return f"{self.account.account_id}:{self.account.applied.sequence}:{self._ids}"

    def alert(self, cause: Cause, *, level: Level = "low", action: Action | None = None) -> None:
        """Alert a person; without an action the level implies one."""
        self.outputs.append(
            Alert(
                alert_id=self.next_id(),
                account_id=self.account.account_id,
                level=level,
                rule=cause.rule,
                action=action or USUAL_ACTIONS[level],
                message=cause.reason[:TEXT_MAX],
                measured=cause.measured,
                limit=cause.limit,
                sequence=self.account.applied.sequence,
                chain=self.account.applied.chain,
                rules_version=self.shared.rules_version,
                at_ms=self.now_ms,
            )
        )

    def remember_id(self, kind: IdKind, identity: str, content: str = "") -> None:
        """Remember an id as the newest of the ring of its kind, and something with it."""
        ring = self.account.memory.ring(kind)
        self.remember.append(Remembered(kind, ring.next, identity, self.now_ms, content))
        oldest_ms = self.now_ms if ring.next == ring.first else ring.oldest_ms
        self.set_ring(kind, replace(ring, next=ring.next + 1, oldest_ms=oldest_ms))
