"""Reservations end: filled, ended by the engine, or expired when the engine never answers."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.ledger import ZERO
from pipeline.verify.parameters import Parameters
from pipeline.verify.records import Record
from topics.account_states import AccountState
from topics.decisions import Decision, Exit
from topics.events import Event, FillEvent, OrderEvent
from topics.fills import Fill
from topics.orders import Order

__all__ = ["Reserved"]

RESERVED_MAX = 1000  # Per account; riskgate holds no more either.
LATE_MS = 5000  # Broadcast wakes an account up to seconds after a time has come.


class _Order(Struct):
    symbol: str
    side: str
    quantity: Decimal  # In units, what is left.
    at_ms: int
    heard: bool = False  # The engine has said something.
    ended: bool = False  # It has no more to fill.


class Reserved:
    """The approved orders of one account that may still fill."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._orders: dict[str, _Order] = {}

    def approve(self, message: Decision | Exit) -> None:
        """Reserve what a decision or an exit may fill."""
        if isinstance(message, Exit):
            name, quantity = message.exit_id, message.quantity
        else:
            name, quantity = message.signal_id, message.approved_quantity
        self._orders[name] = _Order(message.symbol, message.side, quantity, message.at_ms)
        if len(self._orders) > RESERVED_MAX:
            del self._orders[next(iter(self._orders))]

    def apply(self, event: Event) -> None:
        """Take what the engine says of an order."""
        if isinstance(event, OrderEvent):
            self._status(event.body)
        elif isinstance(event, FillEvent):
            self._fill(event.body)

    def _fill(self, fill: Fill) -> None:
        order = self._orders.get(fill.signal_id or "")
        if order is not None:
            order.heard = True
            order.quantity = max(order.quantity - fill.quantity, ZERO)
        elif fill.signal_id is None:  # It may be of any of them.
            for each in self._orders.values():
                each.heard = each.heard or each.symbol == fill.symbol

    def _status(self, status: Order) -> None:
        order = self._orders.get(status.signal_id)
        if order is None or order.symbol != status.symbol:
            return
        order.heard = True
        # With a filled quantity, fills may be still to come; riskgate waits for them.
        nothing_filled = status.filled_quantity == ZERO
        order.ended = order.ended or (status.status != "accepted" and nothing_filled)

    def surely(self, symbol: str, side: str, *, at_ms: int) -> Decimal:
        """Return the units of one side that are reserved beyond doubt."""
        since_ms = at_ms - self._parameters.shortest_ms
        return sum(
            (
                order.quantity
                for order in self._orders.values()
                if (order.symbol, order.side) == (symbol, side)
                and not order.heard
                and order.at_ms > since_ms
            ),
            ZERO,
        )

    def judge(self, record: Record, row: AccountState) -> Iterator[Finding]:
        """Report reservations of a row that must have ended before it."""
        expired_ms = row.at_ms - self._parameters.longest_ms - LATE_MS
        listed = {item.signal_id for item in row.reservations}
        for name, order in list(self._orders.items()):
            is_over = order.ended or (not order.heard and order.at_ms < expired_ms)
            if name in listed and is_over:
                why = "the engine ended it" if order.ended else "the engine never answered it"
                yield finding_at(
                    record,
                    "reservation",
                    account_id=row.account_id,
                    found=f"{name} is still reserved, though {why}",
                    expected="a reservation to end with its order, or after reservation_ttl_ms",
                )
            if name not in listed and (is_over or not order.quantity):
                del self._orders[name]
