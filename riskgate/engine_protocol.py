"""The protocol of an execution engine: how it handles decisions, exits and stops.

The reference implementation of docs/execution-engines.md, a pure state machine: no Kafka, no clock
and no venue may enter it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from topics.decisions import Decision, Exit, Stop
from topics.fields import Side
from topics.fills import Fill
from topics.orders import Order

__all__ = ["CancelAll", "EngineProtocol", "Instruction", "Log", "Status", "Ticket", "ticket_of"]

Status: TypeAlias = Literal["accepted", "rejected", "cancelled", "expired", "filled"]
Log: TypeAlias = Decision | Exit | Stop

SEQUENCES_KEPT = 1000  # Per account. A repetition older than that needs a reader days behind.
ID_LENGTH_MAX = 128  # Of an order id; an exit_id may be longer.


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

    def answer(
        self, status: Status, now_ms: int, filled: Decimal = Decimal(0), *, order_id: str = ""
    ) -> Order:
        """Return the order status that reports to riskgate what became of the ticket.

        order_id: the venue's own; without it the order is known there by its client_id.
        """
        return Order(
            account_id=self.account_id,
            signal_id=self.client_id,
            # Of a long one the end, which no other order of the account has.
            order_id=order_id or self.client_id[-ID_LENGTH_MAX:],
            symbol=self.symbol,
            status=status,
            filled_quantity=filled,
            updated_at_ms=now_ms,
        )

    def fill(
        self, price: Decimal, now_ms: int, *, quantity: Decimal | None = None, number: int = 1
    ) -> Fill:
        """Return an execution of the ticket, of all of it without a quantity.

        number: counts the executions of the ticket, so that each has an id of its own.
        """
        return Fill(
            account_id=self.account_id,
            fill_id=f"{self.client_id}:{number}"[-ID_LENGTH_MAX:],
            order_id=self.client_id[-ID_LENGTH_MAX:],
            signal_id=self.client_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity if quantity is None else quantity,
            price=price,
            executed_at_ms=now_ms,
        )


class CancelAll(Struct, frozen=True):
    """An instruction to cancel all working orders of an account except its exits."""

    account_id: str


Instruction: TypeAlias = Ticket | Order | CancelAll


class _Step(Struct):
    """What is known of one sequence of an account."""

    chain: str
    client_ids: list[str]


class _Account(Struct):
    steps: dict[int, _Step] = {}  # By sequence, in the order in which they were read.
    client_ids: set[str] = set()  # And stops, of all steps: a repetition must not act twice.
    forgotten_sequence: int = 0  # The highest that is no longer in `steps`.
    stopped_sequence: int = 0  # Approvals with a lower sequence are void.
    refused: bool = False


class EngineProtocol:
    """Obey the decisions topic; the caller carries out what is returned at once, in order."""

    def __init__(self, refused: Iterable[str] = ()) -> None:
        """refused: accounts that were refused before."""
        self._accounts = {name: _Account(refused=True) for name in refused}
        self._waiting: dict[tuple[str, str], Ticket] = {}  # By account and client id.

    @property
    def refused(self) -> list[str]:
        """Accounts whose chain forked (one sequence with two chains) or that `refuse` named."""
        return [name for name, account in self._accounts.items() if account.refused]

    @property
    def accounts(self) -> list[str]:
        """Accounts of which something was read."""
        return list(self._accounts)

    @property
    def waiting(self) -> list[Ticket]:
        """Tickets that are approved but not yet placed."""
        return list(self._waiting.values())

    def remember(self, message: Log) -> bool:
        """Learn from a message that an engine before this one has obeyed; it is not done again.

        Return False when its chain forked.
        """
        account = self._account(message)
        if not _continues(account, message):
            account.refused = True
            return False
        if not isinstance(message, Stop):
            _is_new(account, message.sequence, _client_id(message))
        elif message.status == "triggered" and _is_new(account, message.sequence, _name(message)):
            account.stopped_sequence = max(account.stopped_sequence, message.sequence)
        return True

    def obey(self, message: Log, now_ms: int) -> list[Instruction]:
        """Apply one message of the decisions topic and return the instructions that follow."""
        account = self._account(message)
        if not _continues(account, message):
            refused = self.refuse(message.account_id, now_ms)
            return [*refused, *self._refuse(account, message, now_ms)]
        if isinstance(message, Stop):
            return self._stop(account, message, now_ms)
        if account.refused:
            return self._refuse(account, message, now_ms)
        ticket = ticket_of(message)
        return [] if ticket is None else self._accept(account, ticket, now_ms)

    def refuse(self, account_id: str, now_ms: int) -> list[Instruction]:
        """Place nothing more for an account, and return the instructions that follow.

        For a caller that cannot read a message of it: that may be a stop.
        """
        self._accounts.setdefault(account_id, _Account()).refused = True
        void = self._void(account_id, below=None, now_ms=now_ms)
        return [*void, CancelAll(account_id)]

    def place(self, account_id: str, client_id: str, *, now_ms: int) -> Instruction | None:
        """Return a waiting ticket to place, `expired` if it is too late, None if it is void."""
        ticket = self._waiting.pop((account_id, client_id), None)
        if ticket is not None and now_ms >= ticket.valid_until_ms:
            return ticket.answer("expired", now_ms)
        return ticket

    def _account(self, message: Log) -> _Account:
        return self._accounts.setdefault(message.account_id, _Account())

    def _accept(self, account: _Account, ticket: Ticket, now_ms: int) -> list[Instruction]:
        if not _is_new(account, ticket.sequence, ticket.client_id):
            return []
        if not ticket.is_exit and ticket.sequence < account.stopped_sequence:
            return [ticket.answer("cancelled", now_ms)]
        if now_ms >= ticket.valid_until_ms:
            return [ticket.answer("expired", now_ms)]
        self._waiting[ticket.account_id, ticket.client_id] = ticket
        return []

    def _stop(self, account: _Account, stop: Stop, now_ms: int) -> list[Instruction]:
        # A replica set that is behind repeats it, perhaps after the account was resumed: by then
        # other orders work at the venue.
        if stop.status != "triggered" or not _is_new(account, stop.sequence, _name(stop)):
            return []
        account.stopped_sequence = max(account.stopped_sequence, stop.sequence)
        void: list[Instruction] = list(
            self._void(stop.account_id, below=stop.sequence, now_ms=now_ms)
        )
        return [*void, CancelAll(stop.account_id)] if "cancel_all" in stop.actions else void

    def _void(self, account_id: str, *, below: int | None, now_ms: int) -> Iterator[Order]:
        """Cancel approvals below a sequence; with None all tickets of the account, exits too."""
        for name, ticket in list(self._waiting.items()):
            is_void = below is None or (not ticket.is_exit and ticket.sequence < below)
            if ticket.account_id == account_id and is_void:
                del self._waiting[name]
                yield ticket.answer("cancelled", now_ms)

    def _refuse(self, account: _Account, message: Log, now_ms: int) -> list[Instruction]:
        ticket = None if isinstance(message, Stop) else ticket_of(message)
        if ticket is None or not _is_new(account, ticket.sequence, ticket.client_id):
            return []
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


def _client_id(message: Decision | Exit) -> str:
    return message.exit_id if isinstance(message, Exit) else message.decision_id


def _name(stop: Stop) -> str:
    """Return what a repetition shares; with a blank, as no client id has.

    Another release may give the same id to a stop of the same event that asks for more.
    """
    return " ".join((stop.stop_id, str(stop.sequence), *stop.actions))


def _continues(account: _Account, message: Log) -> bool:
    """Remember the chain of a sequence; return False when another chain is known for it."""
    known = account.steps.get(message.sequence)
    if known is not None:
        return known.chain == message.chain
    if message.sequence > account.forgotten_sequence:
        account.steps[message.sequence] = _Step(message.chain, [])
    if len(account.steps) > SEQUENCES_KEPT:
        oldest = next(iter(account.steps))
        account.client_ids.difference_update(account.steps.pop(oldest).client_ids)
        account.forgotten_sequence = max(account.forgotten_sequence, oldest)
    return True


def _is_new(account: _Account, sequence: int, client_id: str) -> bool:
    """Remember a ticket or stop; return False when it was met before and must not act again."""
    step = account.steps.get(sequence)
    # A sequence that is already forgotten comes again: messages of an account are in order.
    if step is None or client_id in account.client_ids:
        return False
    step.client_ids.append(client_id)
    account.client_ids.add(client_id)
    return True
