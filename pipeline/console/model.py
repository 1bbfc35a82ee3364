"""What the console knows: rebuilt from Kafka at start, bounded in memory, kept by one reader.

Nothing here reads Kafka: feed.py hands in what it read.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from threading import RLock
from typing import Any, NamedTuple

from msgspec import Struct

from pipeline.console.curve import Curve
from pipeline.console.desk_order import Choice, DeskOrder, desk_order
from pipeline.console.entries import Entry, entry_of, of_flow, of_limits
from pipeline.console.kept import Kept
from pipeline.console.refusals import Refusals
from pipeline.console.ring import Ring, newest_of
from pipeline.outputs.accounts import Rows
from pipeline.outputs.record import Output, decoded
from pipeline.outputs.repetitions import Repetitions
from pipeline.outputs.stops import StopView, is_acknowledgement, stops_of
from pipeline.streams.admin.limits_log import Published
from topics.account_states import AccountState
from topics.controls import Control
from topics.dead_letters import DeadLetter
from topics.decisions import Decision
from topics.emergency_stops import EmergencyStop
from topics.fields import EVERYONE
from topics.limits import LimitsDocument

__all__ = ["Letter", "Model"]

DECISIONS_MAX = 50_000
INCIDENTS_MAX = 20_000  # Alerts, stops, controls and limits: rarer, so they reach further back.
OF_ACCOUNT_MAX = 200
STOP_ROWS_MAX = 20_000
LETTERS_MAX = 500  # Each holds up to 16 KiB of the message.
DOCUMENTS_MAX = 5000
MARKS = {"stop", "limits", "control", "flow"}


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
        self.published = Published()
        self.documents: deque[tuple[Entry, LimitsDocument]] = deque(maxlen=DOCUMENTS_MAX)
        self._documents_of: dict[str, deque[LimitsDocument]] = {}
        self._stop_rows: deque[EmergencyStop] = deque(maxlen=STOP_ROWS_MAX)
        self._acknowledged: deque[tuple[int, Control]] = deque(maxlen=STOP_ROWS_MAX)
        self._opened_at_ms: dict[tuple[str, str], int] = {}
        self._orders: Kept[Choice, DeskOrder] = Kept()
        self._curves: dict[str, Curve] = {}
        self.figures: Kept[None, dict[str, Any]] = Kept()  # Of lists.py, about all decisions.
        self._stops: Kept[None, list[StopView]] = Kept()

    def take(self, output: Output) -> None:
        """Take one record of any topic; one that was taken before changes nothing, and so does
        what riskgate did not write.
        """
        with self.lock:
            self.published.end(output.at_ms)
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

    def order_of(self, choice: Choice) -> DeskOrder:
        """Return which accounts the desk shows, in order."""
        return self._orders.of(choice, self.revision, lambda: desk_order(self._all_rows(), choice))

    def stops(self) -> list[StopView]:
        """Return every stop that is known, newest first."""
        return self._stops.of(None, self.revision, self._all_stops)

    def stops_of(self, account_id: str) -> list[StopView]:
        """Return the stops of one account, newest first."""
        own = Rows()
        if account_id in self.rows.accounts:
            own.accounts[account_id] = self.rows.accounts[account_id]
        with self.lock:
            rows = [row for row in self._stop_rows if row.account_id == account_id]
            return stops_of(rows, own, self._acknowledged)

    def opened_at_ms(self, account_id: str, stop_id: str) -> int | None:
        """Return when a stop opened; None if its row is no longer known."""
        return self._opened_at_ms.get((account_id, stop_id))

    def documents_of(self, account_id: str) -> Iterable[LimitsDocument]:
        """Return the newest documents of an account as they were published, refused ones too."""
        return self._documents_of.get(account_id, ())

    def curve(self, account_id: str) -> Curve:
        """Return the equity of an account over time."""
        return self._curves.get(account_id, Curve())

    def timeline(self, account_id: str) -> list[Entry]:
        """Return what happened to an account, newest first."""
        with self.lock:
            lists = [
                self.decisions.newest(account_id),
                self.incidents.newest(account_id),
                self._limits_of_everyone(),
            ]
            return newest_of(lists, OF_ACCOUNT_MAX)

    def marks(self, account_id: str) -> list[Entry]:
        """Return what may explain a bend in an account's equity, newest first."""
        with self.lock:
            own = (each for each in self.incidents.newest(account_id) if each.kind in MARKS)
            return newest_of([own, self._limits_of_everyone()], OF_ACCOUNT_MAX)

    def _limits_of_everyone(self) -> Iterator[Entry]:
        return (each for each in self.incidents.newest(EVERYONE) if each.kind == "limits")

    def _all_stops(self) -> list[StopView]:
        with self.lock:
            return stops_of(self._stop_rows, self.rows, self._acknowledged)

    def _all_rows(self) -> list[AccountState]:
        with self.lock:
            return list(self.rows.accounts.values())

    def _take_row(self, output: Output) -> None:
        before = self.rows.accounts.get(output.account_id)
        self.rows.take(output)
        self.rows.raw.pop(output.account_id, None)  # Nobody here asks for the bytes.
        row = self.rows.accounts.get(output.account_id)
        if row is None:
            self._curves.pop(output.account_id, None)
            return
        if (flow := of_flow(output, before, row)) is not None:
            self.incidents.add(flow)
        self._draw(row)

    def _take_message(self, output: Output, message: Struct) -> None:
        if isinstance(message, LimitsDocument):
            is_taken = self.published.take(message, output.at_ms)
            entry = of_limits(output, message, is_taken=is_taken)
            self.incidents.add(entry)
            self.documents.appendleft((entry, message))
            own = self._documents_of.setdefault(message.account_id, deque(maxlen=OF_ACCOUNT_MAX))
            own.append(message)
        elif isinstance(message, DeadLetter):
            self.letters.appendleft(Letter(output.at_ms, message))
        elif (found := entry_of(output, message)) is not None:
            is_decision = output.topic == "decisions"
            (self.decisions if is_decision else self.incidents).add(found)
            if found.word == "rejected" and is_decision:
                self.refusals.add(found.account_id, found.at_ms)
        if isinstance(message, Control) and is_acknowledgement(message, output.at_ms):
            self._acknowledged.append((output.at_ms, message))
        elif isinstance(message, Decision):
            self._draw(message)
        elif isinstance(message, EmergencyStop):
            self._take_stop(message)

    def _draw(self, row: AccountState | Decision) -> None:
        curve = self._curves.get(row.account_id)
        if curve is None:
            curve = self._curves[row.account_id] = Curve()
        curve.add(row.at_ms, row.equity, row.drawdown_ratio)

    def _take_stop(self, row: EmergencyStop) -> None:
        self._stop_rows.append(row)
        key = row.account_id, row.stop_id
        if row.status == "triggered":
            self._opened_at_ms[key] = row.at_ms
        elif row.status == "resumed":
            self._opened_at_ms.pop(key, None)
