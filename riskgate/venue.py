"""What an engine needs of a venue: five methods, whichever way the venue is reached."""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from riskgate.engine_protocol import Ticket
from topics.accounts import CashFlow
from topics.fills import Fill
from topics.orders import Order
from topics.positions import PositionSnapshot

__all__ = ["Report", "Snapshot", "Venue"]

Report: TypeAlias = Order | Fill
Snapshot: TypeAlias = PositionSnapshot | CashFlow


class Venue(Protocol):
    """Where orders are placed; every call is made from one thread, none may block for long.

    `now_ms` is the engine's clock in milliseconds since the epoch. An exception ends the engine,
    which commits nothing that it has not reported; after a restart it asks `find`.
    """

    def place(self, ticket: Ticket, now_ms: int) -> Order:
        """Place an order under ticket.client_id and return it as `accepted` or `rejected`.

        The same client_id may come again after a crash, and must not trade again.
        """

    def find(self, ticket: Ticket, now_ms: int) -> Order | None:
        """Return the status of the order that was placed for this ticket, None if none was."""

    def cancel_all(self, account_id: str, now_ms: int) -> Iterable[Report]:
        """Cancel the account's working orders except exits; return what became of them."""

    def reports(self, now_ms: int) -> Iterable[Report]:
        """Return what happened since the last call, each fill before the status that ends it.

        After a restart begin early enough: a fill that comes twice is booked once.
        """

    def snapshots(self, account_id: str, now_ms: int) -> Iterable[Snapshot]:
        """Return positions and cash of an account, nothing while fills are outstanding."""
