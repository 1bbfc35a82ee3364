"""How far a worker has come in each partition it owns, and the role that takes it further.

Apart from application.py because nothing here asks Kafka or knows quixstreams.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from confluent_kafka import Message

from pipeline.streams.clients.polling import Recorded, record_of
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.engine.turns import InOrder, in_turn
from pipeline.streams.role_interface import (
    NOTHING,
    EngineSettings,
    Partition,
    Place,
    Published,
    Record,
    Role,
    Stopped,
    Store,
    Unreadable,
)

__all__ = ["Progress"]

STALE = -1  # As a committed offset: no position is the same.


class Progress:
    """Hand records to the role in order, and know what of that is not yet committed."""

    def __init__(self, role: Role, *, clock_ahead_ms_max: int) -> None:
        self._role = role
        self._clock_ahead_ms_max = clock_ahead_ms_max
        self.generation = 0  # Grows with every change of what is owned.
        self.starts: dict[Place, Start] = {}  # Assigned, and not yet the role's.
        self.partitions: dict[Place, Partition] = {}
        self.positions: dict[Place, int] = {}  # The next offset.
        self.records = 0  # Applied since the last barrier.
        self._committed: dict[Place, int] = {}
        self._last: dict[Place, Recorded] = {}  # Applied.
        self._expected_s = 0.0
        self.guarded: GuardedReader | None = None  # What comes before the consumer's own.
        self._has_passed = False  # Markers, since the last barrier.
        self._in_order = InOrder()

    def expect(
        self, starts: Mapping[Place, Start], settings: EngineSettings, *, stateful: bool
    ) -> None:
        """Note partitions that will be the role's once their state is there.

        Raise Stopped when the log of one does not have what is to be read next.
        """
        if not stateful:  # Of a state it is checked once that says where to begin.
            for start in starts.values():
                start.check_log(settings)
        self.generation += 1
        self.starts = dict(starts)
        self._expected_s = time.monotonic()

    def recovering_s(self, now_s: float) -> float:
        """Return how long partitions have waited for their state; 0 when none does."""
        return now_s - self._expected_s if self.starts else 0.0

    def begin(
        self,
        partition: Partition,
        store: Store | None,
        *,
        position: int,
        published: Published = NOTHING,
    ) -> None:
        """Own an expected partition, to be read from `position` on.

        published: what is there already of what is applied from then on.
        """
        place = partition.topic, partition.partition
        start = self.starts.pop(place)
        self._role.assign(partition, store, published)
        self.partitions[place] = partition
        self.positions[place] = self._committed[place] = position
        if store is not None and start.is_stale(position):
            self._committed[place] = STALE

    def end(self) -> None:
        """Own nothing any more, and forget what was not committed."""
        self.generation += 1
        self.starts.clear()
        self.end_guard()
        for partition in self.partitions.values():
            self._role.revoke(partition)
        self.partitions.clear()
        self.positions.clear()
        self._committed.clear()
        self._last.clear()
        self._in_order.clear()
        self.records = 0
        self._has_passed = False

    def end_guard(self) -> None:
        """Read by a child no more."""
        if self.guarded is not None:
            self.guarded.close()
        self.guarded = None

    def apply(self, messages: Iterable[Recorded]) -> None:
        """Hand over messages that Kafka delivered, each without an error."""
        now_ms = clock_ms()
        latest_ms = now_ms + self._clock_ahead_ms_max
        positions, apply = self.positions, self._role.apply
        in_order = self._in_order if self._in_order.expects else None
        for message in messages:
            record = record_of(message)
            place, offset = (record.topic, record.partition), record.offset
            # A partition not owned has no position: KeyError, the worker ends uncommitted.
            if offset < positions[place]:
                raise Stopped(
                    f"Kafka delivered {record.topic}[{record.partition}] at {offset} after "
                    f"{positions[place] - 1}: the log was cut; see how, before a restart"
                )
            if record.timestamp_ms > latest_ms and record.timestamp_is_append_time:
                raise _ahead(record, now_ms)
            apply(record)
            # One by one, not once behind the chunk: a checkpoint may begin in the middle of it.
            self.records += 1
            last = message if in_order is None else in_order.applied(place, message)
            if last is not None:
                positions[place] = (last.offset() or 0) + 1
                self._last[place] = last

    def take_turns(
        self, messages: Sequence[Message | Passed | Unreadable], ranks: Mapping[str, int]
    ) -> Sequence[Message | Passed | Unreadable]:
        """Return a batch in the order in which it is to be applied; positions know of no gap."""
        self._in_order.expect(messages)
        return in_turn(messages, ranks)

    def step_over(self, batch: Unreadable) -> None:
        """Let the role set a batch aside, and go on behind it."""
        self._role.step_over(batch)
        self.positions[batch.topic, batch.partition] = batch.next
        self._last.pop((batch.topic, batch.partition), None)  # It is not the one before that.
        self.records += 1

    def reach_end(self, place: Place, offset: int) -> None:
        """Go on behind what ends a log without being a record: markers of transactions.

        Else, once retention deletes those, the group would seem to miss records.
        """
        if offset > self.positions.get(place, offset):
            self.positions[place] = offset
            self._has_passed = True

    def uncommitted(self) -> dict[Place, int]:
        """Return the next offset of each partition in which records were applied."""
        committed = self._committed
        return {
            place: position
            for place, position in self.positions.items()
            if position != committed[place]
        }

    def mark(self, place: Place) -> str | None:
        """Return what tells the last record applied from others; None: there was none yet."""
        message = self._last.get(place)
        return None if message is None else Mark.of(message).encode(self.partitions[place].topic_id)

    def stale(self) -> list[Place]:
        """Return the partitions whose group offset is behind their state."""
        return [place for place, committed in self._committed.items() if committed == STALE]

    def has_more(self) -> bool:
        """Return whether anything is to be committed."""
        return self.records > 0 or self._has_passed or bool(self.stale())

    def publish(self) -> None:
        """Let the role write what is due by time."""
        self._role.publish()

    def prepare(self) -> Iterator[None]:
        """Let the role take its barrier; the rest saves what it holds, in slices."""
        role = self._role.checkpoint()
        next(role, None)
        return role

    def take(self) -> tuple[dict[Place, int], dict[Place, str | None], int]:
        """Return positions, marks and the number of records of a barrier, and count from it on."""
        positions, records = self.uncommitted(), self.records
        marks = {place: self.mark(place) for place in positions}
        self.records = 0
        self._has_passed = False
        return positions, marks, records

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Note that everything before these positions is committed."""
        self._committed.update(positions)


def _ahead(record: Record, now_ms: int) -> Stopped:
    ahead_ms = record.timestamp_ms - now_ms
    return Stopped(
        f"{record.topic}[{record.partition}] at {record.offset} was appended "
        f"{ahead_ms / 1000:.0f} s ahead of this worker's clock; "
        "set the clocks of the brokers and of this machine right"
    )


def clock_ms() -> int:
    """Return the worker's own time."""
    return time.time_ns() // 1_000_000
