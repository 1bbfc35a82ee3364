"""A paper execution engine: the contract, a paper venue and its books, put together.

Pure like its parts: messages and the time go in, what is to be written comes out.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from random import Random
from typing import TypeAlias

from pipeline.demo.engine_protocol import CancelAll, Contract, Instruction, Ticket
from pipeline.demo.market import CURRENCY, Quote
from pipeline.demo.venue import Venue, Word
from pipeline.demo.venue_accounts import Books
from topics.accounts import CashFlow
from topics.decisions import Decision, Exit, Stop
from topics.fills import Fill
from topics.positions import PositionSnapshot

__all__ = ["PaperEngine", "Snapshot"]

SEED = "paper engine 1"
PLACING_MS = (2, 30)  # From reading an approval to its order at the venue.
QUIET_MS = 2500  # A snapshot must not overtake the fills it contains: each topic has its own pace.

Snapshot: TypeAlias = PositionSnapshot | CashFlow


class PaperEngine:
    """Act for many accounts at one venue."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self.books = Books(accounts)
        self.contract = Contract()
        self._venue = Venue()
        self._random = Random(SEED)
        self._place_at_ms: dict[str, int] = {}  # By client id.
        self._snapshots = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing works."""
        return not self.contract.waiting and not self._venue.working

    def obey(self, message: Decision | Exit | Stop, now_ms: int) -> list[Word]:
        """Take in one message of the log and return what to write."""
        words = self._do(self.contract.obey(message, now_ms), now_ms)
        for ticket in self.contract.waiting:
            if ticket.client_id not in self._place_at_ms:
                delay_ms = self._random.randint(*PLACING_MS)
                self._place_at_ms[ticket.client_id] = now_ms + delay_ms
        return words

    def work(self, quotes: Mapping[str, Quote], now_ms: int) -> list[Word]:
        """Place what is due, trade at these quotes, book it, and return what to write."""
        due = [name for name, at_ms in self._place_at_ms.items() if now_ms >= at_ms]
        for name in due:
            del self._place_at_ms[name]
        placed = [self.contract.place(name, now_ms) for name in due]
        words = self._do([item for item in placed if item], now_ms)
        words += self._venue.work(quotes, now_ms)
        for word in words:
            if isinstance(word, Fill):
                self.books.apply(word)
        return words

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return positions and cash of an account, nothing while it trades.

        No cash while it is short: venues differ in whether that includes what was sold.
        """
        holdings = self.books.holdings(account_id)
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
            amount=self.books.cash(account_id),
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
            for symbol, holding in self.books.holdings(account_id).items()
        ]

    def _do(self, instructions: Iterable[Instruction], now_ms: int) -> list[Word]:
        words: list[Word] = []
        for item in instructions:
            if isinstance(item, Ticket):
                words.append(self._venue.place(item, now_ms))
            elif isinstance(item, CancelAll):
                words += self._venue.cancel_all(item.account_id, now_ms)
            else:
                words.append(item)
        return words
