"""What a venue has to know after a restart: its open orders and how far it read, in one file.

riskgate tells an engine again what was not answered yet; an order that rests since yesterday was.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from riskgate.engine_protocol import Ticket
from topics.orders import Order

__all__ = ["Journal", "OpenOrder"]

ENDED_KEPT = 10_000

_SCHEMA = """
create table if not exists orders (
    account_id text, client_id text, ticket blob not null, order_id text, final blob,
    primary key (account_id, client_id)
);
create table if not exists cursors (name text primary key, at_ms integer not null);
create table if not exists notes (
    name text primary key, text text not null, at_ms integer not null
);
"""


class OpenOrder(Struct, frozen=True):
    """An order that was sent and has not ended."""

    ticket: Ticket
    order_id: str | None  # The venue's; None while it is not known whether it arrived.


class Journal:
    """Open orders and cursors; every change is on disk before the call returns.

    path: None keeps them in memory only, so that a restart forgets them.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
        )
        self._database.executescript(_SCHEMA)
        self._database.execute("pragma synchronous = full")

    def sent(self, ticket: Ticket) -> None:
        """Remember an order, before it is sent."""
        self._write(
            "insert or ignore into orders (account_id, client_id, ticket) values (?, ?, ?)",
            ticket.account_id,
            ticket.client_id,
            msgspec.json.encode(ticket),
        )

    def arrived(self, ticket: Ticket, order_id: str) -> None:
        """Remember the id that the venue gave."""
        self._write(
            "update orders set order_id = ? where account_id = ? and client_id = ?",
            order_id,
            ticket.account_id,
            ticket.client_id,
        )

    def ended(self, ticket: Ticket, final: Order) -> None:
        """Remember the final status of an order."""
        self._write(
            "update orders set final = ? where account_id = ? and client_id = ?",
            msgspec.json.encode(final),
            ticket.account_id,
            ticket.client_id,
        )
        self._write(
            "delete from orders where final is not null and rowid <= "
            "(select max(rowid) from orders) - ?",
            ENDED_KEPT,
        )

    def final(self, ticket: Ticket) -> Order | None:
        """Return the final status of an order, None while it works or is not known."""
        for (body,) in self._read(
            "select final from orders where account_id = ? and client_id = ?",
            ticket.account_id,
            ticket.client_id,
        ):
            return None if body is None else msgspec.json.decode(body, type=Order)
        return None

    def open_orders(self) -> list[OpenOrder]:
        """Return the orders that have not ended, oldest first."""
        rows = self._read("select ticket, order_id from orders where final is null order by rowid")
        return [
            OpenOrder(msgspec.json.decode(body, type=Ticket), order_id) for body, order_id in rows
        ]

    def ticket_of(self, account_id: str, order_id: str) -> Ticket | None:
        """Return the ticket of a venue's order, None if it is not one of ours."""
        for (body,) in self._read(
            "select ticket from orders where account_id = ? and order_id = ?", account_id, order_id
        ):
            ticket: Ticket = msgspec.json.decode(body, type=Ticket)
            return ticket
        return None

    def cursor(self, name: str) -> int | None:
        """Return how far something was read, in ms since the epoch."""
        for (at_ms,) in self._read("select at_ms from cursors where name = ?", name):
            return int(at_ms)
        return None

    def move(self, name: str, at_ms: int) -> None:
        """Remember how far something was read."""
        self._write("insert or replace into cursors (name, at_ms) values (?, ?)", name, at_ms)

    def note(self, name: str, text: str, at_ms: int) -> None:
        """Remember a text of a time under a name; the first one stays."""
        self._write(
            "insert or ignore into notes (name, text, at_ms) values (?, ?, ?)", name, text, at_ms
        )

    def noted(self, name: str) -> tuple[str, int] | None:
        """Return the text and the time that were noted under a name."""
        for text, at_ms in self._read("select text, at_ms from notes where name = ?", name):
            return text, at_ms
        return None

    def forget_notes(self, before_ms: int) -> None:
        """Forget what was noted of earlier times."""
        self._write("delete from notes where at_ms < ?", before_ms)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _write(self, statement: str, *values: object) -> None:
        with self._lock:
            self._database.execute(statement, values)

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()
