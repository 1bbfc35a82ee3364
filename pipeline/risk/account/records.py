"""The records that an account groups its fields into, each changed as a whole.

Fields are only ever added to a record, at its end, with a default. `Currencies` and `Windows` stand
in files of their own, beside what they hold.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.account.refused import RefusedOrder
from pipeline.risk.account.reservations import PendingExit, Reservation
from pipeline.risk.account.unconverted import Early
from pipeline.risk.numbers import ZERO

Strength = Literal["reduce", "halt", "flatten"]
IdKind = Literal["signals", "fills", "flows", "controls"]  # Of remembered ids.
STRENGTHS: dict[str, int] = {"reduce": 1, "halt": 2, "flatten": 3}


class Stop(Struct, frozen=True, array_like=True, gc=False):
    """An open cause of REDUCING or HALTED; latched until a resume names it."""

    stop_id: str
    strength: Strength
    rule: str
    opened_ms: int
    status: Literal["triggered", "flattening", "flat"] = "triggered"
    everyone: bool = False  # Made by a `*` control.
    measured: Decimal | None = None
    limit: Decimal | None = None
    reported_flattening: bool = False
    ends_ms: int | None = None  # When it is lifted without a resume.
    resumed_by: str = ""  # Who asked first for a resume that needs two authors.


class Applied(Struct, frozen=True, array_like=True, gc=False):
    """The events that were applied: their count, their digest and how far each source is."""

    sequence: int = 0
    chain: str = ""
    clock_ms: int = 0
    sources: dict[str, int] = {}  # Last applied offset by topic id and partition.
    shared_chain: str = ""
    shared_serial: int = 0
    number: int = 0  # Among the accounts of its partition, from 1; 0: not counted yet.


class Capital(Struct, frozen=True, array_like=True, gc=False):
    """Cash in the account's currency, and what moved it."""

    currency: str | None = None
    opened_ms: int | None = None  # as_of of the opening.
    opening: Decimal = ZERO
    net_flows: Decimal = ZERO  # Deposits less withdrawals, each at the rate of its arrival.
    realized: Decimal = ZERO  # Fees, funding and adjustments included.
    foreign_flows: Decimal = ZERO  # What of the net flows went into other currencies.
    flow_ms: int = 0  # as_of of the newest flow.
    adjusted_ms: int | None = None  # as_of of the adopted balance snapshot.
    early: tuple[Early, ...] = ()  # Realized before the opening.

    @property
    def balance(self) -> Decimal:
        """Cash in the account's currency; by currency the others are apart from it."""
        balance = self.opening + self.net_flows + self.realized
        return balance - self.foreign_flows if self.foreign_flows else balance


class TradingHalts(Struct, frozen=True, array_like=True, gc=False):
    """What keeps the account from trading, and the controls that did so last."""

    stops: tuple[Stop, ...] = ()
    tightened_ms: int = 0  # When the last halt, reduce or flatten was issued or appended.
    resumes: int = 0  # Of loss stops since the roll of the day.


class Orders(Struct, frozen=True, array_like=True, gc=False):
    """What is remembered of orders beside the reservations of the holdings."""

    pending_exits: dict[str, PendingExit] = {}  # By symbol.
    ended: dict[str, Reservation] = {}  # The last ended reservations, to tell an overfill.
    expired: tuple[tuple[str, str], ...] = ()  # Symbol and id of expired reservations kept.
    refused: dict[str, tuple[RefusedOrder, ...]] = {}  # By symbol, oldest first.
    refused_pnl: Decimal = ZERO  # What blocked quantities would have lost a day later, net.


class Ring(Struct, frozen=True, array_like=True, gc=False):
    """Which places of one ring of remembered ids are taken: from `first` to before `next`."""

    first: int = 0
    next: int = 0
    oldest_ms: int | None = None  # When the oldest kept id was remembered.
    forgotten_ms: int | None = None  # The same of the newest forgotten one.


EMPTY_RING = Ring()


class Memory(Struct, frozen=True, array_like=True, gc=False):
    """The rings of remembered ids, and what was reported: nothing counts or is reported twice."""

    # One for each kind of id, so that a flood of one kind forgets nothing of another.
    rings: dict[IdKind, Ring] = {}
    alerted: dict[str, int] = {}  # When each watch last alerted, while it breaches.
    limits_reported: str = ""  # The documents and release whose defects were told last.

    def ring(self, kind: IdKind) -> Ring:
        """Return the ring of one kind of id."""
        return self.rings.get(kind, EMPTY_RING)


class Deadlines(Struct, frozen=True, array_like=True, gc=False):
    """When, and below which equity, something must be looked at again without an event."""

    wake_ms: int | None = None
    state_sent_ms: int | None = None
    confirm_ms: int | None = None  # When an unconfirmed breach is looked at again.
    # Kept, as an earlier wake-up stands until it comes: found again after a restart it could be a
    # later one, and wake_at_ms another. So is `rules.stale_data`. `sound_equity` and
    # `totals.trim_ms` are kept so that a restart looks at no position that is in order.
    hold_due_ms: int | None = None  # No position is held for too long before.
    sound_equity: Decimal | None = None  # No position is past its cap while equity is as much.
