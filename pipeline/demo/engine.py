"""The demo's execution engine: riskgate's own Engine at the paper venue."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from pipeline.demo.market import Quote
from pipeline.demo.venue import DemoVenue
from pipeline.demo.venue_accounts import VenueAccounts
from riskgate.engine import Engine
from riskgate.engine_protocol import Log, Ticket
from riskgate.venue import Report, Snapshot

__all__ = ["PaperEngine"]

SEED = "paper engine 1"
PLACING_MS = (2, 30)  # From reading an approval to placing its order.


class PaperEngine:
    """Execute decisions for many accounts at one venue."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self._venue = DemoVenue(accounts)
        self._random = Random(SEED)
        self.engine = Engine(self._venue, self._pace)

    @property
    def venue_accounts(self) -> VenueAccounts:
        """The venue's own positions and cash."""
        return self._venue.accounts

    @property
    def is_idle(self) -> bool:
        """Whether no ticket waits and no order works."""
        return not self.engine.waiting and not self._venue.working

    def obey(self, message: Log, now_ms: int) -> list[Report]:
        """Apply one message of the decisions topic and return the reports to write."""
        return self.engine.obey(message, now_ms)

    def work(self, quotes: Mapping[str, Quote], now_ms: int) -> list[Report]:
        """Place due tickets, fill orders at these quotes, and return the reports to write."""
        self._venue.quotes = quotes
        return self.engine.work(now_ms)

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return the venue's snapshots of one account."""
        return self._venue.snapshots(account_id, now_ms)

    def _pace(self, _ticket: Ticket, now_ms: int) -> int:
        return now_ms + self._random.randint(*PLACING_MS)
