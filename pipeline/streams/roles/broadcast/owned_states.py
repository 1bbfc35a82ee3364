"""Read the partitions of `account_states` that this broadcast owns, from their beginning.

Apart from broadcast.py because this knows the consumer group, not what the rows are for. It commits
nothing; each new owner reads a partition completely.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from pipeline.streams.client_settings import FETCH, ClientSetting
from pipeline.streams.clients.callbacks import Callbacks
from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.clients.polling import WITHOUT_COMMITS, poll_all
from pipeline.streams.engine.guarded import Passed
from pipeline.streams.engine.restore import seek
from pipeline.streams.engine.unreadable import find_unreadable, is_unreadable
from pipeline.streams.role_interface import Unreadable
from pipeline.streams.roles.broadcast.guarded_states import GuardedStates
from pipeline.streams.settings import Settings
from pipeline.streams.tables.guard import TableGuard
from topics.account_states import APPLIED_HEADER

__all__ = ["OwnedStates", "Row"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 1000
POLL_INTERVAL_MS_MAX = 45_000
REQUEST_SECONDS_MAX = 10.0
CONSUMER = {
    **WITHOUT_COMMITS,
    **FETCH,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "max.poll.interval.ms": POLL_INTERVAL_MS_MAX,
    # A partition that keeps its owner gets heartbeats while others move.
    "partition.assignment.strategy": "cooperative-sticky",
}


class Row(NamedTuple):
    """The newest value of a key in a batch; None where it was deleted."""

    partition: int
    account_id: str
    value: bytes | None


# By partition and key: rows, and how far each writer had read the log.
_Newest = dict[tuple[int, bytes], list[tuple[int | None, Row]]]


class OwnedStates:
    """A member of the group; `whole` are the owned partitions that were read to their end.

    beat: called while an unreadable batch is searched for its end.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        guard: TableGuard | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.owned: set[int] = set()
        self.whole: set[int] = set()
        self.is_member = False  # Of the group, perhaps without a partition.
        self._topic = settings.topic("account_states")
        self._beat = beat
        self._reader: dict[str, ClientSetting] = {
            **settings.connection(),
            "group.id": settings.role_group("broadcast"),
        }
        self._guarded = None if guard is None else GuardedStates(guard, self._reader)
        self._positions: dict[int, int] = {}
        self.applied: dict[int, int] = {}  # How far risk was in `events`, by what it wrote here.
        self._callbacks = Callbacks()
        self._consumer = Consumer(
            {**self._reader, **CONSUMER, "session.timeout.ms": settings.session_timeout_ms},
            logger=logger,
        )

    def join(self) -> None:
        """Join the group."""
        callbacks = self._callbacks.of(self._assign, self._revoke, self._lose)
        self._consumer.subscribe([self._topic], **callbacks)

    def read(self) -> list[Row | Unreadable]:
        """Return what is available without waiting; the assignment may change meanwhile.

        Of each key between two unreadable batches only the newest row, and those after it that may
        be older: two replica sets do not write at once.
        """
        found: list[Row | Unreadable] = []
        newest: _Newest = {}
        for message in self._messages():
            batch = self._take(message, newest)
            if batch is not None:
                found += _rows(newest)
                newest.clear()
                found.append(batch)
        found += _rows(newest)
        self.whole &= self.owned
        return [each for each in found if each.partition in self.owned]

    def close(self) -> None:
        """Leave the group, so that others take over before many heartbeats are missing."""
        if self._guarded is not None:
            self._guarded.close()
        self._callbacks.after(self._consumer.close)

    def _messages(self) -> list[Message | Passed | Unreadable]:
        polled: list[Message | Passed | Unreadable] = [*poll_all(self._consumer, BATCH_RECORDS)]
        self._callbacks.raise_first()
        if self._guarded is None:
            return polled
        # A partition that a child reads is paused, so these are about other partitions.
        polled += self._guarded.read()
        for place, position in self._guarded.take_read().items():
            seek(self._consumer, place, position)
            self._consumer.resume([TopicPartition(*place)])
        return polled

    def _take(self, message: Message | Passed | Unreadable, newest: _Newest) -> Unreadable | None:
        """Add a row; return the batch that was stepped over instead, if it was one."""
        if isinstance(message, Unreadable):
            self._positions[message.partition] = message.next
            return message
        error, partition = message.error(), message.partition() or 0
        if error is None:
            key = message.key() or b""
            name = key.decode(errors="backslashreplace")
            applied = applied_of(message.headers()) if isinstance(message, Message) else None
            rows = newest.setdefault((partition, key), [])
            if rows and applied is not None and applied >= (rows[-1][0] or 0):
                rows.pop()  # This one is newer, so nobody needs to decode that.
            rows.append((applied, Row(partition, name, message.value())))
            self._positions[partition] = (message.offset() or 0) + 1
            if applied is not None:
                self.applied[partition] = applied
        elif isinstance(message, Message):
            return self._hear(message, error)
        return None

    def _hear(self, message: Message, error: KafkaError) -> Unreadable | None:
        """Act on what Kafka says of a partition; raise what cannot be stepped over."""
        partition = message.partition() or 0
        if is_partition_end(error):
            if self._guarded is None or not self._guarded.reads((self._topic, partition)):
                self.whole.add(partition)
        elif not is_unreadable(error):
            require_passing(error)
        elif (message.offset() or 0) >= self._positions.get(partition, 0):  # Else it comes again.
            return self._step_over(message)
        return None

    def _step_over(self, message: Message) -> Unreadable | None:
        batch = find_unreadable(message, self._reader, beat=self._beat)
        if batch is not None and batch.partition in self.owned:
            self._positions[batch.partition] = batch.next
            self._consumer.seek(TopicPartition(batch.topic, batch.partition, batch.next))
        return batch

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            place.offset = OFFSET_BEGINNING
            self._positions[place.partition] = 0
        paused = [] if self._guarded is None else self._guard(self._guarded, partitions)
        consumer.incremental_assign(partitions)
        consumer.pause(paused)
        self.owned |= {place.partition for place in partitions}
        self.is_member = True

    def _guard(
        self, guarded: GuardedStates, partitions: list[TopicPartition]
    ) -> list[TopicPartition]:
        """Let a child read the beginning of partitions where it must; return those."""
        windows: dict[tuple[str, int], tuple[int, int]] = {}
        for tp in partitions:
            low, high = self._consumer.get_watermark_offsets(tp, timeout=REQUEST_SECONDS_MAX)
            place = tp.topic, tp.partition
            if low < (end := guarded.end(place, high)):
                windows[place] = low, end
                tp.offset = high  # Until the child has read; the batch may be anywhere before.
        guarded.add(windows)
        return [TopicPartition(*place) for place in windows]

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if self._guarded is not None:
            self._guarded.drop([(place.topic, place.partition) for place in partitions])
        self.owned -= {place.partition for place in partitions}
        self.applied = {number: at for number, at in self.applied.items() if number in self.owned}
        self.whole &= self.owned
        consumer.incremental_unassign(partitions)

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.is_member = False
        self._revoke(consumer, partitions)


def applied_of(headers: Sequence[tuple[str, bytes]] | None) -> int | None:
    """Return how far risk had read the log when it wrote a row; None where nothing says so."""
    for name, value in headers or ():
        if name == APPLIED_HEADER and value.isdigit():
            return int(value)
    return None


def _rows(newest: _Newest) -> Iterator[Row]:
    for rows in newest.values():
        yield from (row for _, row in rows)
