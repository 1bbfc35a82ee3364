"""Newly assigned partitions, from what Kafka and the disk know of them to the role's own.

Apart from application.py because it needs of quixstreams only a store.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import TopicPartition

from pipeline.streams.clients.cluster import Bounds, Cluster
from pipeline.streams.engine.fencing import end_left_open
from pipeline.streams.engine.guarded import GuardedReader
from pipeline.streams.engine.loop import Clients
from pipeline.streams.engine.marks import read_again
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.published import NO_OUTPUTS, Outputs, read_published
from pipeline.streams.engine.restore import seek
from pipeline.streams.engine.start_checks import Start, find_committed, find_starts
from pipeline.streams.role_interface import (
    EngineSettings,
    Partition,
    Place,
    Published,
)

__all__ = ["State", "Takeover"]


class State(Protocol):
    """quixstreams' store of one partition, on this machine's disk."""

    def read(self, key: bytes) -> object: ...

    def get_changelog_offset(self) -> int | None: ...


class _Begin(NamedTuple):
    """Where a partition is to be read from, and what is known of the record before."""

    start: Start
    store: PartitionStore | None
    position: int
    mark: str | None


class Takeover:
    """Give partitions to the role, once their state is recovered and fits the log."""

    states: Callable[[Place], State] | None = None  # Of a role that has any.

    def __init__(
        self, settings: EngineSettings, cluster: Cluster, *, progress: Progress, clients: Clients
    ) -> None:
        self._consumer = clients.consumer
        self._sender = clients.sender
        self._settings = settings
        self._cluster = cluster
        self._progress = progress
        self.stores: dict[int, PartitionStore] = {}  # Of the partitions that are owned.

    def expect(self, partitions: Sequence[TopicPartition]) -> dict[Place, Bounds]:
        """Say of each assigned partition where to read; return the bounds of all their logs.

        Raise Stopped when the log of one does not have what is to be read next.
        """
        inputs = [tp for tp in partitions if tp.topic in self._settings.topics]
        if self.states is not None:
            changelog = self._settings.changelog
            owned = [_place(tp) for tp in partitions if tp.topic == changelog]
            end_left_open(self._settings, self._cluster, owned)
        committed = find_committed(self._consumer, inputs, cluster=self._cluster)
        # After the offsets: whatever was committed with one of them is within these bounds.
        logs = self._cluster.bounds(map(_place, partitions))
        starts = find_starts(committed, logs)
        self._progress.expect(starts, self._settings, stateful=self.states is not None)
        # Absolute, changelogs too: the late answer to another question would undo a later seek.
        for tp in partitions:
            place = _place(tp)
            tp.offset = starts[place].offset if place in starts else logs[place].low
            if self._settings.stop_levels and place in starts:
                tp.offset = logs[place].high  # A child reads up to there.
        return logs

    def take_over(self) -> bool:
        """Begin with all that is assigned; return whether there was anything.

        Raise Stopped when log, offset and state of one do not belong together.
        """
        if not self._progress.starts:
            return False
        changelog = [self._settings.changelog] if self.states else []
        ids = self._cluster.topic_ids([*self._settings.topics, *changelog])
        begun = {
            place: self._find(place, start, ids)
            for place, start in sorted(self._progress.starts.items())
        }
        self._check_last_records(begun)
        published = self._read_published(begun)
        # After the outputs: so the log up to here has the event of each, also when another replica
        # set is ahead of this one.
        logs = self._cluster.bounds(begun)
        for place, begin in begun.items():
            if begin.position != begin.start.offset and not self._settings.stop_levels:
                seek(self._consumer, place, begin.position)
            if begin.store is not None:
                self.stores[begin.start.partition] = begin.store
            partition = Partition(*place, ids[begin.start.topic])
            outputs = published.outputs.get(begin.start.partition, ())
            self._sender.ends.redone_at(begin.start.partition, logs[place].high)
            self._progress.begin(
                partition,
                begin.store,
                position=begin.position,
                published=Published(outputs, until=logs[place].high, cut=published.cut),
            )
        if self._settings.stop_levels:
            self._guard(begun)
        return True

    def _guard(self, begun: Mapping[Place, _Begin]) -> None:
        """Let a child read first what is there: something in it may have ended this worker."""
        self._consumer.pause([TopicPartition(*place) for place in begun])
        windows = {place: (begin.position, begin.start.log.high) for place, begin in begun.items()}
        properties = {**self._settings.reader(), "isolation.level": "read_committed"}
        self._progress.guarded = GuardedReader(self._settings.stop_levels, properties, windows)

    def _find(self, place: Place, start: Start, ids: dict[str, str]) -> _Begin:
        """Return the state of a partition and the first offset to read."""
        topic_id, states = ids[start.topic], self.states
        if states is None:
            return _Begin(start, None, *start.of_topic(topic_id))
        state = states(place)
        store = PartitionStore(state.read, changelog_id=ids[self._settings.changelog])
        has_history = state.get_changelog_offset() is not None
        position = start.begin_at(store, self._settings, has_history=has_history)
        mark = store.mark()
        if not start.is_of(topic_id, mark):
            raise start.changed(position - 1, stateful=True)
        return _Begin(start, store, position, mark)

    def _read_published(self, begun: Mapping[Place, _Begin]) -> Outputs:
        """Return the outputs, by partition, of what its state does not have yet.

        An owner before that was killed sent them after its last checkpoint. It may be this worker
        itself: what it sent before it lost its partitions to an outage may still be on its way. Or
        another replica set sent them while this one was away.
        """
        stores = {
            place[1]: begin.store for place, begin in begun.items() if begin.store is not None
        }
        places = [(topic, number) for topic in self._settings.outputs for number in stores]
        if not places:
            return NO_OUTPUTS
        self._sender.await_deliveries(self._settings.instance, beat=self._cluster.beat)
        logs = self._cluster.bounds(places)
        ranges = {
            (topic, number): log._replace(
                low=min(max(stores[number].outputs().get(topic, 0), log.low), log.high)
            )
            for (topic, number), log in logs.items()
        }
        self._sender.ends.hold(ranges)
        return read_published(self._settings, ranges, beat=self._cluster.beat)

    def _check_last_records(self, begun: Mapping[Place, _Begin]) -> None:
        """Raise LogChanged unless the log still has the last record that was read."""
        wanted = {
            place: mark
            for place, begin in begun.items()
            if (mark := begin.start.to_read_again(begin.position, begin.mark))
        }
        offsets = {place: mark.offset for place, mark in wanted.items()}
        found = read_again(self._settings, offsets, beat=self._cluster.beat)
        for place, mark in wanted.items():
            again, stateful = found.get(place), self.states is not None
            # A compacted input loses a record to a newer one; `events` loses none.
            is_same = not stateful if again is None else mark.is_of(again)
            if not is_same:
                raise begun[place].start.changed(mark.offset, stateful=stateful)


def _place(tp: TopicPartition) -> Place:
    return tp.topic, tp.partition
