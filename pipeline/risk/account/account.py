"""The account: everything that a decision depends on, frozen; and the shared record of a partition.

Both are changed with a copy. Fields are only ever added, at the end, with a default.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.account.currencies import KnownRate, WaitingFlows
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.position import Position
from pipeline.risk.account.refused import RefusedOrder
from pipeline.risk.account.reservations import PendingExit, Reservation
from pipeline.risk.account.rule_records import RuleRecords
from pipeline.risk.account.totals import Totals
from pipeline.risk.account.unconverted import Early, Unconverted
from pipeline.risk.account.windows import Baseline, ClosedDay, Window
from pipeline.risk.numbers import ZERO
from topics.fields import TradingState

POSITIONS_MAX = 1000
RESERVATIONS_MAX = 1000
APPROVALS_MAX = 1000
EXPIRED_MAX = 100
ENDED_MAX = 16
EARLY_MAX = 1000
STOPS_MAX = 100
CURRENCIES_MAX = 64
UNCONVERTED_MAX = 1000
ALERTED_MAX = 1000
PENDING_MAX = 1000
SOURCES_MAX = 512  # Partitions of all inputs; a repetition is known by them.
SHARED_STOPS_MAX = 1000
CONTROL_IDS_MAX = 1000

Strength = Literal["reduce", "halt", "flatten"]
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


class Document(Struct, frozen=True, array_like=True, gc=False):
    """The limits document in force: its version (0 for none) and its rules as canonical JSON."""

    version: int = 0
    rules: str = "{}"


class Memory(Struct, frozen=True, array_like=True, gc=False):
    """The ring of remembered ids: its oldest and next number, and what was already forgotten."""

    first: int = 0
    next: int = 0
    oldest_ms: int | None = None  # When the oldest kept id was remembered.
    forgotten_ms: int | None = None  # The same of the newest forgotten one.


class Account(Struct, frozen=True, array_like=True):
    account_id: str
    sequence: int = 0
    chain: str = ""
    clock_ms: int = 0
    currency: str | None = None
    opened_ms: int | None = None  # as_of of the opening.
    opening: Decimal = ZERO
    net_flows: Decimal = ZERO  # Deposits less withdrawals, each at the rate of its arrival.
    realized: Decimal = ZERO  # Fees, funding and adjustments included.
    peak: Decimal = ZERO
    day: Window | None = None
    week: Window | None = None
    closed_days: tuple[ClosedDay, ...] = ()
    holdings: dict[str, Holding] = {}
    ended: dict[str, Reservation] = {}  # The last ended reservations, to tell an overfill.
    stops: tuple[Stop, ...] = ()
    limits: Document = Document()
    shared_serial: int = 0
    shared_chain: str = ""
    sources: dict[str, int] = {}  # Last applied offset by topic id and partition.
    alerted: dict[str, int] = {}  # When each watch last alerted, while it breaches.
    confirm_ms: int | None = None  # When an unconfirmed breach is looked at again.
    tightened_ms: int = 0  # When the last halt, reduce or flatten was issued or appended.
    memory: Memory = Memory()
    early: tuple[Early, ...] = ()  # Realized before the opening.
    unconverted: dict[str, Unconverted] = {}  # Booked without a rate, by `currency:symbol`.
    state_sent_ms: int | None = None
    wake_ms: int | None = None
    totals: Totals = Totals()
    expired: tuple[tuple[str, str], ...] = ()  # Symbol and id of expired reservations kept.
    rates: dict[str, KnownRate] = {}  # Of other currencies that instruments settle in.
    adjusted_ms: int | None = None  # as_of of the adopted balance snapshot.
    flow_ms: int = 0  # as_of of the newest flow.
    pending_exits: dict[str, PendingExit] = {}  # By symbol.
    # Kept, as an earlier wake-up stands until it comes: found again after a restart it could be a
    # later one, and wake_at_ms another. So is `rules.stale_data`. `sound_equity` and
    # `totals.trim_ms` are kept so that a restart looks at no position that is in order.
    hold_due_ms: int | None = None  # No position is held for too long before.
    sound_equity: Decimal | None = None  # No position is past its cap while equity is as much.
    rules: RuleRecords = RuleRecords()  # What stateful rules remember.
    refused: dict[str, tuple[RefusedOrder, ...]] = {}  # By symbol, oldest first.
    refused_pnl: Decimal = ZERO  # What blocked quantities would have lost a day later, net.
    baselines: dict[str, Baseline] = {}  # By rule, of loss stops that were resumed.
    resumes: int = 0  # Of loss stops since the roll of the day.
    rolls_by: tuple[str, str] = ("", "")  # Zone and roll time of the day and week that run.
    taken_over: dict[str, Position] = {}  # Adopted, and not valued yet: their past is not today's.
    limits_reported: str = ""  # The documents and release whose defects were told last.
    by_currency: bool = False  # Money stays in its own currency; chosen at the opening.
    cash: dict[str, Decimal] = {}  # By currency other than the account's; empty while converted.
    foreign_flows: Decimal = ZERO  # What of the net flows went into those.
    waiting_flows: dict[str, WaitingFlows] = {}  # By currency.
    foreign_adjusted: dict[str, int] = {}  # as_of of the adopted snapshot, by currency.
    approved_ms: int | None = None  # When a signal was approved last.
    number: int = 0  # Among the accounts of its partition, from 1; 0: not counted yet.

    @property
    def balance(self) -> Decimal:
        """Cash in the account's currency; by currency the others are apart from it."""
        balance = self.opening + self.net_flows + self.realized
        return balance - self.foreign_flows if self.foreign_flows else balance

    @property
    def trading_state(self) -> TradingState:
        """The strictest of the open stops."""
        if not self.stops:
            return "active"
        worst = max(STRENGTHS[stop.strength] for stop in self.stops)
        return "halted" if worst > 1 else "reducing"


class SharedStop(Struct, frozen=True, array_like=True, gc=False):
    """A `*` control in force; accounts that begin later get it too."""

    serial: int
    stop_id: str
    strength: Strength
    author: str
    reason: str
    tightened_ms: int  # When it was issued or appended, whichever is earlier.


class SharedResume(Struct, frozen=True, array_like=True, gc=False):
    """A lifted `*` stop."""

    serial: int
    stop_id: str
    author: str
    reason: str


class Shared(Struct, frozen=True, array_like=True):
    """What holds for every account of a partition: limits and controls of `*`, the heartbeat."""

    partition: int
    rules_version: str
    sequence: int = 0
    chain: str = ""
    clock_ms: int = 0
    serial: int = 0  # Counts the `*` documents and controls that took effect.
    heartbeat_at_ms: int | None = None
    limits: Document = Document()
    limits_serial: int = 0
    stops: tuple[SharedStop, ...] = ()
    resumes: tuple[SharedResume, ...] = ()
    control_ids: tuple[str, ...] = ()
    tightened_ms: int = 0  # As of an account.
    sources: dict[str, int] = {}
    limits_reported: str = ""  # The document and release whose defects were told last.
    rate_sources: dict[str, str] = {}  # By pair, of those that several instruments name.
    accounts: int = 0  # That have begun in this partition.
