"""The account: everything that a decision depends on, frozen; and the shared record of a partition.

Both are changed with a copy. An account groups its fields into records (records.py), so a copy is
small, and what depends on a change is known by its record. Fields are only ever added, at the end,
with a default.
"""

from msgspec import Struct

from pipeline.risk.account.currencies import Currencies
from pipeline.risk.account.documents import Document
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.records import (
    STRENGTHS,
    Applied,
    Capital,
    Deadlines,
    Memory,
    Orders,
    Strength,
    TradingHalts,
)
from pipeline.risk.account.rule_records import RuleRecords
from pipeline.risk.account.totals import Totals
from pipeline.risk.account.windows import Windows
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
SOURCES_MAX = 2048  # Partitions of all inputs; a start with more of them is refused.
SHARED_STOPS_MAX = 1000
CONTROL_IDS_MAX = 1000


class Account(Struct, frozen=True, array_like=True):
    """One account. Its fields are records; the setters of WorkingAccount replace one at a time."""

    account_id: str
    applied: Applied = Applied()
    limits: Document = Document()
    holdings: dict[str, Holding] = {}
    totals: Totals = Totals()
    rules: RuleRecords = RuleRecords()  # What stateful rules remember.
    capital: Capital = Capital()
    currencies: Currencies = Currencies()
    windows: Windows = Windows()
    halts: TradingHalts = TradingHalts()
    orders: Orders = Orders()
    memory: Memory = Memory()
    deadlines: Deadlines = Deadlines()

    @property
    def trading_state(self) -> TradingState:
        """The strictest of the open stops."""
        stops = self.halts.stops
        if not stops:
            return "active"
        worst = max(STRENGTHS[stop.strength] for stop in stops)
        return "halted" if worst > 1 else "reducing"


class SharedStop(Struct, frozen=True, array_like=True, gc=False):
    """A `*` control in force; accounts that begin later get it too."""

    serial: int
    stop_id: str
    strength: Strength
    author: str
    reason: str
    tightened_ms: int  # When it was issued or appended, whichever is earlier.
    ends_ms: int | None = None  # When it is lifted without a resume.


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
    # The release that publishes, as the log names it; "": it names none, and whoever decides does.
    active_version: str = ""
