"""What a checkpoint keeps: of risk its state with the offsets, of ingest the offsets alone.

Apart from application.py because it needs of quixstreams only a transactional producer and what
writes to the disk. The records of the changelog are those that quixstreams restores.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Protocol, TypeAlias

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.engine.checkpoint import Barrier
from pipeline.streams.engine.fencing import OWNER
from pipeline.streams.engine.partition_store import APPLIED, PartitionStore
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, Headers, Place, SessionLost

__all__ = ["Disk", "OffsetKeeper", "StateKeeper", "Transactions", "changelog_headers", "sliced"]

SENT_TOGETHER = 50  # Records of the changelog; 2 us each.
WRITTEN_TOGETHER = 200  # Keys on the disk; 2 us each.
SLICE_BYTES = 262_144  # An account of a thousand positions has more; then it comes alone.
Change: TypeAlias = tuple[bytes, bytes | None]
DEFAULT_FAMILY = b"default"  # Of RocksDB's columns.


class Transactions(Protocol):
    """quixstreams' transactional producer."""

    def begin_transaction(self) -> None: ...

    def commit_transaction(
        self, positions: list[TopicPartition], group_metadata: GroupMetadata, timeout: float
    ) -> None: ...

    def abort_transaction(self, timeout: float) -> None: ...


class Disk(Protocol):
    """quixstreams' store of one partition, on this machine's disk."""

    def write_changes(
        self, changes: Mapping[bytes, bytes | None], *, changelog_offset: int | None
    ) -> None:
        """Write keys, None deletes one; and how far the changelog is when that is all of it."""


class StateKeeper:
    """Keep state and offsets in one transaction: both are there, or neither is."""

    def __init__(  # noqa: PLR0913 - What takes part in a transaction.
        self,
        transactions: Transactions,
        sender: Sender,
        *,
        consumer: Consumer,
        settings: EngineSettings,
        stores: Mapping[int, PartitionStore],
        disk: Callable[[Place], Disk],
    ) -> None:
        self._transactions = transactions
        self._sender = sender  # Of the same producer.
        self._consumer = consumer
        self._settings = settings
        self._stores = stores  # Of the partitions that are owned.
        self._disk = disk
        self._group: GroupMetadata
        # In the changelog, of the last record of each; None: Kafka has it and did not say where.
        self._offsets: dict[Place, int | None] = {}
        self._is_stuck = False  # The producer is of no use any more.

    def take(self, barrier: Barrier) -> None:
        """Take the state as it is, and as whom the worker owns its partitions.

        The broker refuses a commit in the name of a member that has lost them since.
        """
        self._group = self._consumer.consumer_group_metadata()
        for _, partition in barrier.positions:
            self._stores[partition].freeze()

    def write(self, barrier: Barrier, role: Iterator[None]) -> Iterator[None]:
        """Let the role save what it holds, and send it to the changelog, in slices."""
        self._transactions.begin_transaction()
        self._offsets.clear()
        yield from role
        for place in barrier.positions:
            changes = self._changes(place, barrier)
            headers = changelog_headers(place, barrier.positions[place])
            first = [*headers, (OWNER, self._settings.transactional_id.encode())]
            for sent in sliced(changes, SENT_TOGETHER):
                for key, value in sent:
                    self._send(place, key, value=value, headers=first or headers)
                    first = []
                yield

    def commit(self, barrier: Barrier) -> None:
        """Commit the transaction. Raise Stopped when its records were not delivered in time.

        All of it has one deadline: after that the brokers end the transaction by themselves.
        """
        seconds_max = self._settings.call_seconds_max
        deadline_s = time.monotonic() + seconds_max
        self._sender.producer.flush(seconds_max)
        if len(self._offsets) < len(barrier.positions):
            raise SessionLost(
                f"Kafka took no state of {self._settings.instance} within {seconds_max:.0f} s; see "
                "its brokers. A restart resumes from the last checkpoint"
            )
        positions = [TopicPartition(*place, at) for place, at in barrier.positions.items()]
        left_s = max(0.0, deadline_s - time.monotonic())
        self._transactions.commit_transaction(positions, self._group, left_s)

    def keep(self, barrier: Barrier) -> Iterator[None]:
        """Write what is committed to the disk, in slices.

        A disk that has only a part of them is brought up to date from the changelog, as its offset
        there comes with the last slice.
        """
        for place in barrier.positions:
            disk, changes = self._disk(place), self._changes(place, barrier)
            for each in sliced(changes, WRITTEN_TOGETHER):
                written = dict(each)
                offset = self._offsets[place] if APPLIED in written else None
                disk.write_changes(written, changelog_offset=offset)
                self._stores[place[1]].forget(written)
                yield
            self._stores[place[1]].thaw()

    def drop(self, seconds_max: float, *, is_committing: bool) -> None:
        """Abort what was not committed. Raise Stopped, once, when that is not possible."""
        if self._is_stuck:
            return
        self._is_stuck = True
        if is_committing:  # The client does one thing at a time: an abort would be refused.
            raise SessionLost(
                f"A commit of {self._settings.instance} still waits for Kafka, and its partitions "
                "go to others; see the brokers. A restart resumes from the last checkpoint"
            )
        self._transactions.abort_transaction(seconds_max)
        self._is_stuck = False

    def _changes(self, place: Place, barrier: Barrier) -> Iterator[Change]:
        ends = {topic: end for (topic, number), end in barrier.ends.items() if number == place[1]}
        return self._stores[place[1]].changes(
            barrier.positions[place], mark=barrier.marks[place], outputs=ends
        )

    def _send(self, place: Place, key: bytes, *, value: bytes | None, headers: Headers) -> None:
        # Of the last alone: its offset is the highest. Each report costs as much as a record.
        report = partial(self._note, place) if key == APPLIED else None
        self._sender.send(self._settings.changelog, key, value, place[1], headers, report)

    def _note(self, place: Place, error: KafkaError | None, message: Message) -> None:
        if error is None:  # Else the commit fails by itself.
            self._offsets[place] = message.offset()


class OffsetKeeper:
    """Keep offsets alone, each with what tells the record before it from others."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def take(self, barrier: Barrier) -> None:
        """Nothing but the barrier is kept."""

    def write(self, barrier: Barrier, role: Iterator[None]) -> Iterator[None]:
        """Let the role do what it does before each commit."""
        del barrier
        return role

    def commit(self, barrier: Barrier) -> None:
        """Commit the offsets. Raise KafkaException when the group refuses one."""
        offsets = [
            TopicPartition(*place, at, metadata=barrier.marks[place] or "")
            for place, at in barrier.positions.items()
        ]
        require_answers(self._consumer.commit(offsets=offsets, asynchronous=False) or ())

    def keep(self, barrier: Barrier) -> Iterator[None]:
        """Nothing is on a disk."""
        del barrier
        return iter(())

    def drop(self, seconds_max: float, *, is_committing: bool) -> None:
        """Nothing is open, and a late commit is refused or repeats what was committed."""


def sliced(changes: Iterable[Change], many: int) -> Iterator[list[Change]]:
    """Yield changes in order, so many together, or fewer when those are SLICE_BYTES or more."""
    found: list[Change] = []
    size = 0
    for change in changes:
        found.append(change)
        size += len(change[1] or b"")
        if len(found) >= many or size >= SLICE_BYTES:
            yield found
            found, size = [], 0
    if found:
        yield found


def changelog_headers(place: Place, position: int) -> Headers:
    """Return what quixstreams' recovery expects of a record of a changelog.

    position: the next offset of the input that the state belongs to.
    """
    processed = msgspec.json.encode({place[0]: position - 1})
    return [
        ("__column_family__", DEFAULT_FAMILY),
        ("__processed_tp_offsets__", processed),
    ]
