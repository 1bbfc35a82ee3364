"""Ingest, tables, broadcast and risk in one process, wired together as in production.

Time is that of the lines. Revaluations depend only on the accounts' own state and have no budget,
and every account always counts as watched, so the outputs depend on nothing but the lines.
"""

from collections import Counter
from typing import NamedTuple

from pipeline.replay.changes import UNCHANGED, Changes
from pipeline.replay.partition import Observe, ReplayPartition, StepObserver
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.dead_letter import dead_letter
from pipeline.streams.role_interface import Headers, Partition, Record
from pipeline.streams.roles.decide.decide import OUTPUTS
from pipeline.streams.roles.ingest.ingest import Ingest
from pipeline.streams.settings import Settings
from pipeline.streams.tables.input_record import read, withdrawn
from pipeline.streams.tables.tables import Tables
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.catalogue import TOPICS, topic_of
from topics.codec import DecodeError, encode, encode_event
from topics.dead_letters import TOPIC as DEAD_LETTERS
from topics.events import TOPIC as EVENTS
from topics.events import LimitsEvent
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.prices import TOPIC as PRICES
from topics.prices import Price
from topics.snapshots import TOPIC as SNAPSHOTS

__all__ = ["Line", "Machine", "Observe"]

OF_COMMITS = frozenset({STATES.name, SNAPSHOTS.name})  # What risk writes at a commit only.


class Line(NamedTuple):
    """One recorded input or output; `topic` is without the prefix."""

    topic: str
    key: bytes | None
    timestamp_ms: int  # Its append time.
    value: bytes | None
    offset: int | None = None  # Among the inputs of its topic; None: the next one.
    partition: int = 0  # Of a line of the log.


class Machine:
    """Decide lines in order; each call returns the outputs.

    The roles are those of production; what they produce comes here instead of to a broker.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        partitions: int = 1,
        observe: Observe | None = None,
        changes: Changes = UNCHANGED,
    ) -> None:
        settings = settings or Settings.model_construct()  # The defaults; ignores the environment.
        settings = settings.model_copy(update={"partitions": partitions})
        self.now_ms = 0
        self._record_ms = 0  # The append time of the record that the roles handle now.
        self._out: list[Line] = []
        self._changes = changes
        self._tables = Tables(settings)
        self._topics = {settings.topic(name): name for name in (*OUTPUTS, EVENTS.name)}
        self._ingest = Ingest(
            settings,
            self._tables,
            produce=self._produce,
            tally=StepObserver(),
            now_ms=lambda: self.now_ms,
        )
        self._partitions = [
            ReplayPartition(
                settings, self._tables, number=n, produce=self._produce, observe=observe
            )
            for n in range(partitions)
        ]
        for partition in self._partitions:
            partition.change_limits(changes)
        self._name = settings.topic
        self._offsets: Counter[str] = Counter()  # The next offset of each topic.

    def begin(self, document: LimitsDocument, *, at_ms: int) -> list[Line]:
        """Put limits in force that are not in the recorded lines."""
        self._record_ms = at_ms
        value = encode_event(LimitsEvent(account_id=document.account_id, body=document))
        for partition in self._partitions:
            self._append(partition, document.account_id.encode(), value)
        return self._take()

    def feed(self, line: Line) -> list[Line]:
        """Send the revaluations due up to the line's time, then apply the line.

        As its source, partition 0 of its topic is recorded, and the topic's name as its id.
        """
        self._advance(line.timestamp_ms)
        if line.topic not in self._offsets:
            self._read(line.topic)
        offset = self._offsets[line.topic] if line.offset is None else line.offset
        self._offsets[line.topic] = offset + 1
        record = Record(
            topic=self._name(line.topic),
            partition=0,
            offset=offset,
            key=line.key,
            value=line.value,
            timestamp_ms=line.timestamp_ms,
            timestamp_is_append_time=True,
        )
        self._record_ms = line.timestamp_ms
        if topic_of(line.topic).key == "symbol":
            self._apply_to_tables(record, line.topic)
        if line.topic != PRICES.name:  # Ingest does not read prices; it looks them up.
            self._ingest.apply(record)
        return self._take()

    def _read(self, name: str) -> None:
        """Let ingest read a topic, which may be a further one of signals or fills."""
        self._ingest.assign(Partition(self._name(name), 0, name), None)

    def advance(self, until_ms: int) -> list[Line]:
        """Send the revaluations due up to a time, ordered by due time, then account."""
        self._advance(until_ms)
        return self._take()

    def beat(self, at_ms: int) -> None:
        """Let broadcast send its heartbeat now, and no other one until the next call."""
        for partition in self._partitions:
            partition.heartbeat_ms = at_ms

    def finish(self) -> list[Line]:
        """Send the revaluations due at the last line's time, then the state of each account."""
        self._advance(self.now_ms)
        for partition in self._partitions:
            partition.commit()
        out = self._take()
        rows = [row for partition in self._partitions for row in partition.rows.values()]
        return out + [_state_line(row) for row in sorted(rows, key=lambda row: row.account_id)]

    def row(self, account_id: str) -> AccountState:
        """Return an account's state after its last event. Raise KeyError before its first."""
        return self._partition(account_id).rows[account_id]

    def _take(self) -> list[Line]:
        out, self._out = self._out, []
        return out

    def _partition(self, account_id: str) -> "ReplayPartition":
        return self._partitions[partition_of(account_id, len(self._partitions))]

    def _advance(self, until_ms: int) -> None:
        while (first := self._first_due(until_ms)) is not None:
            due_ms, account_id, partition = first
            self._record_ms = max(due_ms, self.now_ms)
            value = partition.revaluation(account_id, self._record_ms)
            if value is not None:
                self._append(partition, account_id.encode(), value)
        self.now_ms = max(self.now_ms, until_ms)

    def _first_due(self, until_ms: int) -> "tuple[int, str, ReplayPartition] | None":
        found = (
            (due.due_ms, due.account_id, partition)
            for partition in self._partitions
            if (due := partition.queue.earliest(until_ms)) is not None
        )
        return min(found, key=lambda first: first[:2], default=None)

    def _apply_to_tables(self, record: Record, name: str) -> None:
        """Apply a price or an instrument to the tables, as their readers do in production.

        A price that does not decode becomes a dead letter here, as broadcast writes it; ingest
        writes those of instruments.
        """
        topic = TOPICS[name]
        gone = withdrawn(record, topic)
        if gone is not None:
            self._tables.withdraw_instrument(gone)
            self._ingest.publish()
            return
        try:
            message = read(record, topic)
        except DecodeError as error:
            if topic is PRICES:
                letter = dead_letter(record, error, topic=name, topic_id=name)
                self._write(DEAD_LETTERS.name, record.key, encode(letter))
            return
        if isinstance(message, Instrument):
            self._tables.apply_instrument(message)
            self._ingest.publish()  # Reports currency pairs that several instruments name.
        elif isinstance(message, Price):
            self._tables.apply_price(message, offset=record.offset, appended_ms=record.timestamp_ms)
            for partition in self._partitions:
                partition.queue.apply_price(message.symbol)

    def _produce(  # noqa: PLR0913 - Kafka's own parts of a message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Decide an event at once; turn every other message into a line."""
        del headers
        name, value = self._topics[topic], value or b""
        if name == EVENTS.name:
            self._append(self._partitions[partition or 0], key or b"", value)
        elif name not in OF_COMMITS:
            self._write(name, key, value)

    def _append(self, partition: "ReplayPartition", key: bytes, value: bytes) -> None:
        for content in self._changes.events(value, self._record_ms):
            row = partition.apply(key, content, self._record_ms)
            if row is not None:
                self._out.append(_state_line(row))

    def _write(self, topic: str, key: bytes | None, value: bytes) -> None:
        self._out.append(Line(topic, key, self._record_ms, value))


def _state_line(row: AccountState) -> Line:
    return Line(STATES.name, row.account_id.encode(), row.at_ms, encode(row))
