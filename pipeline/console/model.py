"""What the console knows: rebuilt from Kafka at start, bounded in memory, kept by one reader.

Nothing here reads a clock or Kafka: feed.py hands in what it read.
"""

from collections import deque
from threading import RLock
from typing import NamedTuple

from msgspec import Struct

from pipeline.console.curve import Curve
from pipeline.console.entries import Entry, decoded, entry_of, of_limits
from pipeline.console.refusals import Refusals
from pipeline.console.ring import Ring, newest_of
from pipeline.outputs.accounts import Rows
from pipeline.outputs.record import Output
from pipeline.outputs.repetitions import Repetitions
from pipeline.outputs.stops import StopView, stops_of
from pipeline.streams.admin.limits_log import Published
from topics.account_states import AccountState
from topics.dead_letters import DeadLetter
from topics.decisions import Decision
from topics.emergency_stops import EmergencyStop
from topics.limits import LimitsDocument

__all__ = ["Letter", "Model"]

DECISIONS_MAX = 50_000
INCIDENTS_MAX = 20_000  # Alerts, stops, controls and limits: rarer, so they reach further back.
OF_ACCOUNT_MAX = 200
STOP_ROWS_MAX = 20_000
LETTERS_MAX = 500  # Each holds up to 16 KiB of the message.
DOCUMENTS_MAX = 5000


class Letter(NamedTuple):
    """A dead letter and when it was written."""

    at_ms: int
    letter: DeadLetter


class Model:
    """All of it; `lock` is held by who changes it and by who needs two things that agree."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.revision = 0  # Grows whenever anything changes.
        self.next_offsets: dict[tuple[str, int], int] = {}  # By topic and partition.
        self._repetitions = Repetitions(set())
        self.rows = Rows()
        self.decisions = Ring(DECISIONS_MAX, of_account_max=OF_ACCOUNT_MAX)
        self.incidents = Ring(INCIDENTS_MAX, of_account_max=OF_ACCOUNT_MAX)
        self.refusals = Refusals()
        self.letters: deque[Letter] = deque(maxlen=LETTERS_MAX)
        self.published = Published({}, {})
        self.documents: deque[tuple[Entry, LimitsDocument]] = deque(maxlen=DOCUMENTS_MAX)
        self._stop_rows: deque[EmergencyStop] = deque(maxlen=STOP_ROWS_MAX)
        self._opened_at_ms: dict[tuple[str, str], int] = {}
        self._curves: dict[str, Curve] = {}
        self._stops: tuple[int, list[StopView]] = (-1, [])

    def take(self, output: Output) -> None:
        """Take one record of any topic; one that was taken before changes nothing, and so does
        what riskgate did not write.
        """
        with self.lock:
            place = output.topic, output.partition
            if output.offset < self.next_offsets.get(place, 0):
                return
            self.next_offsets[place] = output.offset + 1
            # The reader forgets what it saw when it goes on from a mark. Its own check of the
            # chain was made: here only the bytes tell.
            if self._repetitions.is_repeated(output, chain=""):
                return
            self.revision += 1
            if output.topic == "account_states":
                self._take_row(output)
            elif (message := decoded(output)) is not None:
                self._take_message(output, message)

    def stops(self) -> list[StopView]:
        """Return every stop that is known, newest first."""
        with self.lock:
            if self._stops[0] != self.revision:
                self._stops = self.revision, stops_of(self._stop_rows, self.rows)
            return self._stops[1]

    def stops_of(self, account_id: str) -> list[StopView]:
        """Return the stops of one account, newest first."""
        own = Rows()
        if account_id in self.rows.accounts:
            own.accounts[account_id] = self.rows.accounts[account_id]
        with self.lock:
            return stops_of([row for row in self._stop_rows if row.account_id == account_id], own)

    def opened_at_ms(self, account_id: str, stop_id: str) -> int | None:
        """Return when a stop opened; None if its row is no longer known."""
        return self._opened_at_ms.get((account_id, stop_id))

    def curve(self, account_id: str) -> Curve:
        """Return the equity of an account over time."""
        return self._curves.get(account_id, Curve())

    def timeline(self, account_id: str) -> list[Entry]:
        """Return what happened to an account, newest first."""
        with self.lock:
            return newest_of([self.decisions, self.incidents], account_id, OF_ACCOUNT_MAX)

    def _take_row(self, output: Output) -> None:
        self.rows.take(output)
        self.rows.raw.pop(output.account_id, None)  # Nobody here asks for the bytes.
        row = self.rows.accounts.get(output.account_id)
        if row is None:
            self._curves.pop(output.account_id, None)
        else:
            self._draw(row)

    def _take_message(self, output: Output, message: Struct) -> None:
        if isinstance(message, LimitsDocument):
            is_taken = self.published.take(message)
            entry = of_limits(output, message, is_taken=is_taken)
            self.incidents.add(entry)
            self.documents.appendleft((entry, message))
        elif isinstance(message, DeadLetter):
            self.letters.appendleft(Letter(output.at_ms, message))
        elif (found := entry_of(output, message)) is not None:
            is_decision = output.topic == "decisions"
            (self.decisions if is_decision else self.incidents).add(found)
            if found.word == "rejected" and is_decision:
                self.refusals.add(found.account_id, found.at_ms)
        if isinstance(message, Decision):
            self._draw(message)
        elif isinstance(message, EmergencyStop):
            self._take_stop(message)

    def _draw(self, row: AccountState | Decision) -> None:
        curve = self._curves.setdefault(row.account_id, Curve())
        curve.add(row.at_ms, row.equity, row.drawdown_ratio)

    def _take_stop(self, row: EmergencyStop) -> None:
        self._stop_rows.append(row)
        key = row.account_id, row.stop_id
        if row.status == "triggered":
            self._opened_at_ms[key] = row.at_ms
        elif row.status == "resumed":
            self._opened_at_ms.pop(key, None)
