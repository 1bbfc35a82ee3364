"""The protocol of an execution engine: how it handles decisions, exits and stops.

The reference implementation of docs/execution-engines.md, a pure state machine: no Kafka, no clock
and no venue may enter it.
"""

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from topics.decisions import Decision, Exit, Stop
from topics.fields import Side
from topics.orders import Order

__all__ = ["CancelAll", "EngineProtocol", "Instruction", "Status", "Ticket"]

Status: TypeAlias = Literal["accepted", "rejected", "cancelled", "expired", "filled"]

CHAINS_KEPT = 1000  # Per account. A repetition older than that needs a reader days behind.


class Ticket(Struct, frozen=True, kw_only=True):
    """An approval or an exit to place at the venue under its client_id."""

    client_id: str  # The decision_id or the exit_id.
    account_id: str
    symbol: str
    side: Side
    quantity: Decimal  # In units, unsigned.
    limit_price: Decimal | None = None  # None: a market order.
    valid_until_ms: int
    sequence: int
    is_exit: bool = False

    def answer(self, status: Status, now_ms: int, filled: Decimal = Decimal(0)) -> Order:
        """Return the order status that reports to riskgate what became of the ticket."""
        return Order(
            account_id=self.account_id,
            signal_id=self.client_id,
            order_id=f"paper:{self.client_id}",
            symbol=self.symbol,
            status=status,
            filled_quantity=filled,
            updated_at_ms=now_ms,
        )


class CancelAll(Struct, frozen=True):
    """An instruction to cancel all working orders of an account except its exits."""

    account_id: str


Instruction: TypeAlias = Ticket | Order | CancelAll


class _Account(Struct):
    chains: dict[int, str] = {}  # By sequence.
    stopped_sequence: int = 0  # Approvals with a lower sequence are void.
    refused: bool = False


class EngineProtocol:
    """Obey the decisions topic; the caller carries out what is returned at once, in order."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._known: set[str] = set()  # Client ids and stops: a repetition must not act twice.
        self._waiting: dict[str, Ticket] = {}

    @property
    def refused(self) -> list[str]:
        """Accounts whose chain forked: one sequence arrived with two chains."""
        return [name for name, account in self._accounts.items() if account.refused]

    @property
    def waiting(self) -> list[Ticket]:
        """Tickets that are approved but not yet placed."""
        return list(self._waiting.values())

    def obey(self, message: Decision | Exit | Stop, now_ms: int) -> list[Instruction]:
        """Apply one message of the decisions topic and return the instructions that follow."""
        account = self._accounts.setdefault(message.account_id, _Account())
        if not _continues(account, message.sequence, message.chain):
            account.refused = True
            void = [*self._void(message.account_id, below=None, now_ms=now_ms)]
            return [*void, CancelAll(message.account_id), *self._refuse(message, now_ms)]
        if isinstance(message, Stop):
            return self._stop(account, message, now_ms)
        if account.refused:
            return self._refuse(message, now_ms)
        ticket = ticket_of(message)
        return [] if ticket is None else self._accept(account, ticket, now_ms)

    def place(self, client_id: str, now_ms: int) -> Instruction | None:
        """Return a waiting ticket to place, `expired` if it is too late, None if it is void."""
        ticket = self._waiting.pop(client_id, None)
        if ticket is not None and now_ms >= ticket.valid_until_ms:
            return ticket.answer("expired", now_ms)
        return ticket

    def _accept(self, account: _Account, ticket: Ticket, now_ms: int) -> list[Instruction]:
        if ticket.client_id in self._known:
            return []
        self._known.add(ticket.client_id)
        if not ticket.is_exit and ticket.sequence < account.stopped_sequence:
            return [ticket.answer("cancelled", now_ms)]
        if now_ms >= ticket.valid_until_ms:
            return [ticket.answer("expired", now_ms)]
        self._waiting[ticket.client_id] = ticket
        return []

    def _stop(self, account: _Account, stop: Stop, now_ms: int) -> list[Instruction]:
        # A replica set that is behind repeats it, perhaps after the account was resumed: by then
        # other orders work at the venue.
        name = f"{stop.account_id} {stop.stop_id} {stop.sequence}"
        if stop.status != "triggered" or name in self._known:
            return []
        self._known.add(name)
        account.stopped_sequence = max(account.stopped_sequence, stop.sequence)
        void: list[Instruction] = list(
            self._void(stop.account_id, below=stop.sequence, now_ms=now_ms)
        )
        return [*void, CancelAll(stop.account_id)] if "cancel_all" in stop.actions else void

    def _void(self, account_id: str, *, below: int | None, now_ms: int) -> list[Order]:
        """Cancel approvals below a sequence; with None all tickets of the account, exits too."""
        void = [
            ticket
            for ticket in self._waiting.values()
            if ticket.account_id == account_id
            and (below is None or (not ticket.is_exit and ticket.sequence < below))
        ]
        for ticket in void:
            del self._waiting[ticket.client_id]
        return [ticket.answer("cancelled", now_ms) for ticket in void]

    def _refuse(self, message: Decision | Exit | Stop, now_ms: int) -> list[Instruction]:
        ticket = None if isinstance(message, Stop) else ticket_of(message)
        if ticket is None or ticket.client_id in self._known:
            return []
        self._known.add(ticket.client_id)
        return [ticket.answer("rejected", now_ms)]


def ticket_of(message: Decision | Exit) -> Ticket | None:
    """Return the ticket that a message allows, None when it allows nothing."""
    if isinstance(message, Exit):
        return Ticket(
            client_id=message.exit_id,
            account_id=message.account_id,
            symbol=message.symbol,
            side=message.side,
            quantity=message.quantity,
            valid_until_ms=message.valid_until_ms,
            sequence=message.sequence,
            is_exit=True,
        )
    if message.verdict not in {"approved", "modified"} or message.side == "hold":
        return None
    return Ticket(
        client_id=message.decision_id,
        account_id=message.account_id,
        symbol=message.symbol,
        side=message.side,
        quantity=message.approved_quantity,
        limit_price=message.limit_price,
        valid_until_ms=message.valid_until_ms,
        sequence=message.sequence,
    )


def _continues(account: _Account, sequence: int, chain: str) -> bool:
    """Remember the chain of a sequence; return False when another chain is known for it."""
    known = account.chains.get(sequence)
    if known is not None:
        return known == chain
    account.chains[sequence] = chain
    if len(account.chains) > CHAINS_KEPT:
        del account.chains[next(iter(account.chains))]
    return True
