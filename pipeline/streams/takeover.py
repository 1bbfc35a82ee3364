"""Newly assigned partitions, from what Kafka and the disk know of them to the role's own.

Apart from application.py because it needs of quixstreams only a store and its transaction.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, TopicPartition

from pipeline.streams.cluster import Bounds, Cluster
from pipeline.streams.engine import EngineSettings, Partition, Place
from pipeline.streams.guards import (
    PartitionStore,
    Start,
    Transaction,
    find_committed,
    find_starts,
)
from pipeline.streams.progress import Progress
from pipeline.streams.restore import seek

__all__ = ["State", "States", "Takeover"]


class State(Protocol):
    """quixstreams' store of one partition, on this machine's disk."""

    def read(self, key: bytes) -> object: ...

    def get_changelog_offset(self) -> int | None: ...


class States(NamedTuple):
    """What is asked of quixstreams about the state of a partition."""

    of: Callable[[Place], State]
    transaction: Callable[[Place], Transaction]


class Takeover:
    """Give partitions to the role, once their state is recovered and fits the log."""

    consumer: Consumer  # There when the worker runs.
    states: States | None = None  # Of a role that has any.

    def __init__(self, settings: EngineSettings, cluster: Cluster, *, progress: Progress) -> None:
        self._settings = settings
        self._cluster = cluster
        self._progress = progress
        self.stores: dict[int, PartitionStore] = {}  # Of the partitions that are owned.

    def expect(self, partitions: Sequence[TopicPartition]) -> dict[Place, Bounds]:
        """Say of each assigned partition where to read; return the bounds of all their logs.

        Raise Stopped when the log of one does not have what is to be read next.
        """
        inputs = [tp for tp in partitions if tp.topic in self._settings.topics]
        committed = find_committed(self.consumer, inputs, cluster=self._cluster)
        # After the offsets: whatever was committed with one of them is within these bounds.
        logs = self._cluster.bounds(map(_place, partitions))
        starts = find_starts(committed, logs)
        self._progress.expect(starts, self._settings, stateful=self.states is not None)
        # Absolute, changelogs too: the late answer to another question would undo a later seek.
        for tp in partitions:
            place = _place(tp)
            tp.offset = starts[place].offset if place in starts else logs[place].low
        return logs

    def take_over(self) -> bool:
        """Begin with all that is assigned; return whether there was anything.

        Raise Stopped when log, offset and state of one do not belong together.
        """
        if not self._progress.starts:
            return False
        changelog = [self._settings.changelog] if self.states else []
        ids = self._cluster.topic_ids([*self._settings.topics, *changelog])
        for place, start in sorted(self._progress.starts.items()):
            store, position = self._begin(start, ids)
            partition = Partition(*place, ids[start.topic])
            self._progress.begin(partition, store, position=position)
        return True

    def _begin(self, start: Start, ids: dict[str, str]) -> tuple[PartitionStore | None, int]:
        """Return the state of a partition and the first offset to read."""
        place, states = (start.topic, start.partition), self.states
        if states is None:
            return None, start.offset
        state = states.of(place)
        store = PartitionStore(
            lambda: states.transaction(place),
            state.read,
            changelog_id=ids[self._settings.changelog],
        )
        has_history = state.get_changelog_offset() is not None
        position = start.begin_at(store, self._settings, has_history=has_history)
        if position != start.offset:
            seek(self.consumer, place, position)
        self.stores[start.partition] = store
        return store, position


def _place(tp: TopicPartition) -> Place:
    return tp.topic, tp.partition
