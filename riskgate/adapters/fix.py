"""A FIX 4.4 drop copy: execution reports of a broker as orders and fills, over simplefix.

A session without sockets: bytes and time go in, bytes to send and reports come out; `run` does it
on a connection. docs/adapters/fills.md
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import simplefix
from msgspec import Struct
from simplefix import FixMessage, FixParser

from riskgate.adapters.fix_reports import ReportError, reports_of
from riskgate.adapters.journal import Journal
from riskgate.venue import Report

__all__ = ["DropCopy", "FixError", "Login", "run"]

NOTES_KEPT_MS = 30 * 86_400_000
READ_BYTES = 65_536
SILENT_BEATS_MAX = 2  # Heartbeats that may be missing before the line counts as dead.


class FixError(Exception):
    """Say in one sentence why a session cannot go on; a new connection asks for what is missing."""


class Login(Struct, frozen=True, kw_only=True):
    """Who talks to whom."""

    sender: str  # SenderCompID, tag 49.
    target: str  # TargetCompID, tag 56.
    username: str | None = None
    password: str | None = None
    heartbeat_s: int = 30


class _Taken(NamedTuple):
    """What follows from one message."""

    answer: bytes = b""
    reports: Sequence[Report] = ()
    received: int | None = None  # The number up to which all is received, if it moves on.


class DropCopy:
    """One session; sequence numbers are in the journal, so that nothing is missed after a restart.

    accounts: riskgate's account by the broker's, tag 1; a report of another account ends the
    session, as a fill that is left out is a wrong position.
    """

    def __init__(self, login: Login, accounts: Mapping[str, str], journal: Journal) -> None:
        self._login = login
        self._accounts = accounts
        self._journal = journal
        self._parser = FixParser()
        self._received_ms = self._sent_ms = 0
        self._asked_from: int | None = None  # A resend that is on its way.

    @property
    def expected(self) -> int:
        """The sequence number of the message that comes next."""
        return (self._journal.cursor("fix received") or 0) + 1

    def log_on(self, now_ms: int) -> bytes:
        """Return the first message of a connection."""
        self._journal.forget_notes(now_ms - NOTES_KEPT_MS)
        self._parser = FixParser()
        self._received_ms, self._asked_from = now_ms, None
        pairs: list[tuple[int, object]] = [(98, 0), (108, self._login.heartbeat_s)]
        named = ((553, self._login.username), (554, self._login.password))
        return self._message("A", now_ms, *pairs, *(each for each in named if each[1] is not None))

    def receive(self, data: bytes, now_ms: int) -> Iterator[tuple[bytes, Sequence[Report]]]:
        """Yield what each message asks to send and what it reports.

        A message counts as received once the caller asks for the next one: until then a crash lets
        the broker send it again. Raise FixError when the session must end.
        """
        self._parser.append_buffer(data)
        self._received_ms = now_ms
        while (message := self._parser.get_message()) is not None:
            taken = self._take(message, now_ms)
            yield taken.answer, taken.reports
            if taken.received is not None:
                self._journal.move("fix received", taken.received)

    def tick(self, now_ms: int) -> bytes:
        """Return the heartbeat that is due, nothing if none is. Raise FixError on a dead line."""
        beat_ms = self._login.heartbeat_s * 1000
        if now_ms - self._received_ms > (1 + SILENT_BEATS_MAX) * beat_ms:
            raise FixError(f"{self._login.target} has been silent; connect again")
        return self._message("0", now_ms) if now_ms - self._sent_ms >= beat_ms else b""

    def _take(self, message: FixMessage, now_ms: int) -> "_Taken":
        kind, number = _text(message, 35), int(_text(message, 34))
        if kind == "4" and message.get(123) != b"Y":  # A reset counts whatever its number is.
            return _Taken(received=int(_text(message, 36)) - 1)
        if number > self.expected:
            return _Taken(self._ask_again(now_ms))
        if number < self.expected:
            if message.get(43) == b"Y":  # It was received before.
                return _Taken()
            raise FixError(
                f"{self._login.target} sent number {number} where {self.expected} is next; "
                "agree on the sequence numbers with the broker"
            )
        self._asked_from = None
        if kind == "4":  # A gap that holds nothing for us.
            return _Taken(received=int(_text(message, 36)) - 1)
        if kind == "8":
            return _Taken(b"", self._reports(message), number)
        return _Taken(self._answer(kind, message, now_ms), received=number)

    def _reports(self, message: FixMessage) -> list[Report]:
        try:
            return reports_of(message, self._accounts, self._journal)
        except ReportError as error:
            raise FixError(str(error)) from error

    def _answer(self, kind: str, message: FixMessage, now_ms: int) -> bytes:
        if kind == "1":
            return self._message("0", now_ms, (112, _text(message, 112)))
        if kind == "2":  # We sent nothing but heartbeats: fill the gap.
            following = (self._journal.cursor("fix sent") or 0) + 1
            return self._gap_fill(int(_text(message, 7)), following, now_ms)
        if kind == "5":
            raise FixError(f"{self._login.target} logged out ({_text(message, 58) or 'no reason'})")
        return b""

    def _ask_again(self, now_ms: int) -> bytes:
        """Ask once for what is missing; later messages are sent again after it."""
        if self._asked_from == self.expected:
            return b""
        self._asked_from = self.expected
        return self._message("2", now_ms, (7, self.expected), (16, 0))

    def _gap_fill(self, begin: int, following: int, now_ms: int) -> bytes:
        return self._encoded(
            "4", begin, now_ms=now_ms, pairs=((43, "Y"), (123, "Y"), (36, following))
        )

    def _message(self, kind: str, now_ms: int, *pairs: tuple[int, object]) -> bytes:
        number = (self._journal.cursor("fix sent") or 0) + 1
        self._journal.move("fix sent", number)
        self._sent_ms = now_ms
        return self._encoded(kind, number, now_ms=now_ms, pairs=pairs)

    def _encoded(
        self, kind: str, number: int, *, now_ms: int, pairs: Sequence[tuple[int, object]]
    ) -> bytes:
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.4")
        message.append_pair(35, kind)
        message.append_pair(49, self._login.sender)
        message.append_pair(56, self._login.target)
        message.append_pair(34, number)
        message.append_utc_timestamp(52, datetime.fromtimestamp(now_ms / 1000, UTC))
        for tag, value in pairs:
            message.append_pair(tag, value)
        encoded: bytes = message.encode()
        return encoded


def run(
    drop_copy: DropCopy, connection: socket.socket, write: Callable[[Sequence[Report]], None]
) -> None:
    """Follow a drop copy on a connection, with TLS if the socket has it; raise FixError at its end.

    write: must return once the reports are safe, as `flush` of a writer does; what a crash loses
    before that, the broker is asked for again.
    """
    connection.settimeout(1.0)
    connection.sendall(drop_copy.log_on(_now_ms()))
    while True:
        try:
            data = connection.recv(READ_BYTES)
        except TimeoutError:
            data = None
        if data == b"":
            raise FixError("The broker closed the connection")
        for answer, reports in drop_copy.receive(data or b"", _now_ms()) if data else ():
            if reports:
                write(reports)
            if answer:
                connection.sendall(answer)
        beat = drop_copy.tick(_now_ms())
        if beat:
            connection.sendall(beat)


def _text(message: FixMessage, tag: int) -> str:
    value: bytes | None = message.get(tag)
    return "" if value is None else value.decode(errors="replace")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
