"""A paper execution engine: the engine protocol, a paper venue and the venue's accounts.

Pure like its parts: messages and time go in, messages to write come out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from random import Random
from typing import TypeAlias

from pipeline.demo.engine_protocol import CancelAll, EngineProtocol, Instruction, Ticket
from pipeline.demo.market import CURRENCY, Quote
from pipeline.demo.venue import ExecutionReport, Venue
from pipeline.demo.venue_accounts import VenueAccounts
from topics.accounts import CashFlow
from topics.decisions import Decision, Exit, Stop
from topics.fills import Fill
from topics.positions import PositionSnapshot

__all__ = ["PaperEngine", "Snapshot"]

SEED = "paper engine 1"
PLACING_MS = (2, 30)  # From reading an approval to placing its order.
# Topics are read at their own pace, so a snapshot waits until the fills in it have been read.
QUIET_MS = 2500

Snapshot: TypeAlias = PositionSnapshot | CashFlow


class PaperEngine:
    """Execute decisions for many accounts at one venue."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self.venue_accounts = VenueAccounts(accounts)
        self.protocol = EngineProtocol()
        self._venue = Venue()
        self._random = Random(SEED)
        self._place_at_ms: dict[str, int] = {}  # By client id.
        self._snapshots = 0

    @property
    def is_idle(self) -> bool:
        """Whether no ticket waits and no order works."""
        return not self.protocol.waiting and not self._venue.working

    def obey(self, message: Decision | Exit | Stop, now_ms: int) -> list[ExecutionReport]:
        """Apply one message of the decisions topic and return the reports to write."""
        reports = self._do(self.protocol.obey(message, now_ms), now_ms)
        for ticket in self.protocol.waiting:
            if ticket.client_id not in self._place_at_ms:
                delay_ms = self._random.randint(*PLACING_MS)
                self._place_at_ms[ticket.client_id] = now_ms + delay_ms
        return reports

    def work(self, quotes: Mapping[str, Quote], now_ms: int) -> list[ExecutionReport]:
        """Place due tickets, fill orders at these quotes, and return the reports to write."""
        due = [name for name, at_ms in self._place_at_ms.items() if now_ms >= at_ms]
        for name in due:
            del self._place_at_ms[name]
        placed = [self.protocol.place(name, now_ms) for name in due]
        reports = self._do([item for item in placed if item], now_ms)
        reports += self._venue.work(quotes, now_ms)
        for report in reports:
            if isinstance(report, Fill):
                self.venue_accounts.apply(report)
        return reports

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return snapshots of an account's positions and cash, none soon after a fill.

        Cash is left out while the account is short: venues differ in whether it includes the
        proceeds.
        """
        holdings = self.venue_accounts.holdings(account_id)
        if any(now_ms - holding.filled_at_ms < QUIET_MS for holding in holdings.values()):
            return []
        if any(holding.quantity < 0 for holding in holdings.values()):
            return self._positions(account_id, now_ms)
        self._snapshots += 1
        cash = CashFlow(
            account_id=account_id,
            kind="snapshot",
            flow_id=f"snapshot-{self._snapshots}",
            currency=CURRENCY,
            amount=self.venue_accounts.cash(account_id),
            as_of_ms=now_ms,
        )
        return [*self._positions(account_id, now_ms), cash]

    def _positions(self, account_id: str, now_ms: int) -> list[Snapshot]:
        return [
            PositionSnapshot(
                account_id=account_id,
                symbol=symbol,
                quantity=holding.quantity,
                average_price=holding.average_price,
                as_of_ms=now_ms,
            )
            for symbol, holding in self.venue_accounts.holdings(account_id).items()
        ]

    def _do(self, instructions: Iterable[Instruction], now_ms: int) -> list[ExecutionReport]:
        reports: list[ExecutionReport] = []
        for item in instructions:
            if isinstance(item, Ticket):
                reports.append(self._venue.place(item, now_ms))
            elif isinstance(item, CancelAll):
                reports += self._venue.cancel_all(item.account_id, now_ms)
            else:
                reports.append(item)
        return reports
