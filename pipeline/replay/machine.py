"""Ingest, tables, broadcast and risk in one process, wired together as in production.

Time is that of the lines. Revaluations depend only on the accounts' own state and have no budget,
and every account always counts as watched, so the outputs depend on nothing but the lines.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.replay.memory import MemoryStore
from pipeline.risk.report import account_state, shared_state
from pipeline.risk.step import Output, Step, topic_of
from pipeline.rules_version import rules_version
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.dead_letter import dead_letter
from pipeline.streams.role_interface import Record
from pipeline.streams.roles.broadcast.revaluations import RevaluationQueue
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.roles.ingest.wrap import Wrapped, Wrapping
from pipeline.streams.settings import Settings
from pipeline.streams.tables.input_record import read, withdrawn
from pipeline.streams.tables.tables import Tables
from topics.account_states import AccountState
from topics.catalogue import TOPICS
from topics.codec import DecodeError, decode_as, encode, encode_event
from topics.dead_letters import DeadLetter
from topics.events import Event, LimitsEvent
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.prices import Price
from topics.topic import Topic

__all__ = ["Line", "Machine", "Observe"]

ACCOUNTS_KEPT_MAX = 4096
ANY_EVENT: type[Event] = Event  # type: ignore[assignment] # The union, as the decoder wants it.

Observe = Callable[[Event, Step, int], None]  # The last argument is the append time.


class Line(NamedTuple):
    """One recorded input or output; `topic` is without the prefix."""

    topic: str
    key: bytes | None
    timestamp_ms: int  # Its append time.
    value: bytes | None
    offset: int | None = None  # Among the inputs of its topic; None: the next one.


class Machine:
    """Decide lines in order; each call returns the outputs."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        partitions: int = 1,
        observe: Observe | None = None,
    ) -> None:
        settings = settings or Settings.model_construct()  # The defaults; ignores the environment.
        self.now_ms = 0
        self._tables = Tables(settings)
        self._wrapping = Wrapping(
            self._tables, event_bytes_max=settings.event_bytes_max, now_ms=lambda: self.now_ms
        )
        self._partitions = [
            _Partition(settings, self._tables, number=n, observe=observe) for n in range(partitions)
        ]
        self._offsets: Counter[str] = Counter()  # The next offset of each topic.

    def begin(self, document: LimitsDocument, *, at_ms: int) -> list[Line]:
        """Put limits in force that are not in the recorded lines."""
        event = LimitsEvent(account_id=document.account_id, body=document)
        return self._log(Wrapped(document.account_id.encode(), encode_event(event)), at_ms)

    def feed(self, line: Line) -> list[Line]:
        """Send the revaluations due up to the line's time, then apply the line.

        As its source, partition 0 of its topic is recorded, and the topic's name as its id.
        """
        out = self.advance(line.timestamp_ms)
        topic = TOPICS[line.topic]
        offset = self._offsets[line.topic] if line.offset is None else line.offset
        self._offsets[line.topic] = offset + 1
        record = Record(
            topic=line.topic,
            partition=0,
            offset=offset,
            key=line.key,
            value=line.value,
            timestamp_ms=line.timestamp_ms,
            timestamp_is_append_time=True,
        )
        is_market = topic.key == "symbol"
        out += self._apply_to_tables(record, topic) if is_market else self._wrap(record, topic)
        return out

    def advance(self, until_ms: int) -> list[Line]:
        """Send the revaluations due up to a time, ordered by due time, then account."""
        out: list[Line] = []
        while (first := self._first_due(until_ms)) is not None:
            due_ms, account_id, partition = first
            out += partition.revaluation(account_id, max(due_ms, self.now_ms))
        self.now_ms = max(self.now_ms, until_ms)
        return out

    def finish(self) -> list[Line]:
        """Send the revaluations due at the last line's time, then the state of each account."""
        out = self.advance(self.now_ms)
        rows = [row for partition in self._partitions for row in partition.rows.values()]
        return out + [_state_line(row) for row in sorted(rows, key=lambda row: row.account_id)]

    def row(self, account_id: str) -> AccountState:
        """Return an account's state after its last event. Raise KeyError before its first."""
        return self._partition(account_id).rows[account_id]

    def _partition(self, account_id: str) -> "_Partition":
        return self._partitions[partition_of(account_id, len(self._partitions))]

    def _first_due(self, until_ms: int) -> "tuple[int, str, _Partition] | None":
        found = (
            (due.due_ms, due.account_id, partition)
            for partition in self._partitions
            if (due := partition.queue.earliest(until_ms)) is not None
        )
        return min(found, key=lambda first: first[:2], default=None)

    def _apply_to_tables(self, record: Record, topic: Topic) -> list[Line]:
        """Apply a price or an instrument to the tables."""
        gone = withdrawn(record, topic)
        if gone is not None:
            self._tables.withdraw_instrument(gone)
            return self._report_conflicts(record.timestamp_ms)
        try:
            message = read(record, topic)
        except DecodeError as error:
            letter = dead_letter(record, error, topic=topic.name, topic_id=topic.name)
            return [_letter_line(record, letter)]
        if isinstance(message, Instrument):
            self._tables.apply_instrument(message)
            return self._report_conflicts(record.timestamp_ms)
        if isinstance(message, Price):
            self._tables.apply_price(message, offset=record.offset, appended_ms=record.timestamp_ms)
            for partition in self._partitions:
                partition.queue.apply_price(message.symbol)
        return []

    def _report_conflicts(self, at_ms: int) -> list[Line]:
        """Send currency pairs that several instruments name to every account, as ingest does."""
        return [line for each in self._wrapping.conflicts() for line in self._log(each, at_ms)]

    def _wrap(self, record: Record, topic: Topic) -> list[Line]:
        wrapped = self._wrapping.wrap(record, topic, topic_id=topic.name)
        if isinstance(wrapped, DeadLetter):
            return [_letter_line(record, wrapped)]
        return self._log(wrapped, record.timestamp_ms)

    def _log(self, wrapped: Wrapped, at_ms: int) -> list[Line]:
        """Append an event to its partition, or to all for `*`, and decide it."""
        everyone = wrapped.for_everyone
        partitions = self._partitions if everyone else [self._partition(wrapped.key.decode())]
        return [line for each in partitions for line in each.apply(wrapped.value, at_ms)]


class _Partition:
    """Risk and broadcast for one partition of the log."""

    def __init__(
        self, settings: Settings, tables: Tables, *, number: int, observe: Observe | None
    ) -> None:
        self.queue = RevaluationQueue(settings, tables)
        self.rows: dict[str, AccountState] = {}  # The last row of each account.
        self._number = number
        self._observe = observe
        self._offset = 0
        self._accounts = PartitionAccounts(
            MemoryStore(),
            partition=number,
            rules_version=rules_version(),
            kept_max=ACCOUNTS_KEPT_MAX,
        )

    def revaluation(self, account_id: str, at_ms: int) -> list[Line]:
        """Send an account its revaluation."""
        event = self.queue.revaluation(account_id, at_ms)
        return [] if event is None else self.apply(encode_event(event), at_ms)

    def apply(self, value: bytes, at_ms: int) -> list[Line]:
        """Decide one event as if a heartbeat had arrived at the same time.

        So the rule `heartbeat` never rejects in a replay, which has no broadcast to lose.
        """
        event = decode_as(ANY_EVENT, value)
        accounts = self._accounts
        serial = accounts.shared.serial
        accounts.shared = replace(accounts.shared, heartbeat_at_ms=at_ms)
        taken = accounts.apply(event, value, at_ms)
        if self._observe is not None:
            self._observe(event, taken, at_ms)
        if accounts.shared.serial != serial:
            self.queue.apply_state(shared_state(accounts.shared))
        out = [_output_line(output, at_ms) for output in taken.outputs]
        if taken.failed is not None:
            out.append(self._failed_line(event.account_id, value, at_ms=at_ms, failed=taken.failed))
        self._offset += 1
        return out + self._record_state(taken)

    def _record_state(self, taken: Step) -> list[Line]:
        """Remember the account's state; return it as a line when a row is due."""
        if taken.account is None or taken.repeated:
            return []
        row = account_state(taken.account, taken.shared)
        self.rows[row.account_id] = row
        self.queue.apply_state(row)
        return [_state_line(row)] if taken.state_due else []

    def _failed_line(self, account_id: str, value: bytes, *, at_ms: int, failed: str) -> Line:
        record = Record(
            topic="events",
            partition=self._number,
            offset=self._offset,
            key=account_id.encode(),
            value=value,
            timestamp_ms=at_ms,
            timestamp_is_append_time=True,
        )
        letter = dead_letter(record, DecodeError(failed), topic="events", topic_id="events")
        return _letter_line(record, letter)


def _output_line(output: Output, at_ms: int) -> Line:
    return Line(topic_of(output), output.account_id.encode(), at_ms, encode(output))


def _state_line(row: AccountState) -> Line:
    return Line("account_states", row.account_id.encode(), row.at_ms, encode(row))


def _letter_line(record: Record, letter: DeadLetter) -> Line:
    return Line("dead_letters", record.key, record.timestamp_ms, encode(letter))
