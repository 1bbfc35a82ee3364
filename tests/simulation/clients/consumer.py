"""The simulated Consumer: what it fetches ahead, where it stands, and what it asks of its group.

As Kafka's C client: it fetches beside the application, which gets records and calls of the group
in one queue. So a process that was frozen goes on with what it had fetched before.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    KafkaError,
    TopicPartition,
)

from tests.simulation.broker.cluster import Cluster
from tests.simulation.broker.groups import MemberName
from tests.simulation.broker.log import Entry, Log, Refused
from tests.simulation.clients.base import Client, SimulatedMessage, raised, seconds_of
from tests.simulation.clients.group_metadata import SimulatedGroupMetadata
from tests.simulation.clients.membership import Membership
from tests.simulation.kernel import Task

__all__ = ["SimulatedConsumer"]

Place = tuple[str, int]
FETCHED_MAX = 500  # Records of one answer.
QUEUED_MAX = 2000  # Records that wait for the application; no more are fetched then.
AGAIN_SECONDS = 0.05  # Until offsets are asked for again that are not stable.


@dataclass(slots=True, eq=False)
class _Reading:
    """One assigned partition."""

    place: Place
    next: int  # To be fetched.
    position: int  # Behind what the application got; negative before that.
    again: int  # The same, and before it where to begin.
    version: int = 0  # Grows when what is on its way does not count any more.
    is_paused: bool = False
    is_fetching: bool = False
    ended_at: int = -1  # Where the end was reported.
    bounds: tuple[int, int] = (OFFSET_INVALID, OFFSET_INVALID)


@dataclass(slots=True)
class _Chunk:
    """A leader's answer to a fetch."""

    entries: list[Entry]
    next: int
    bounds: tuple[int, int]
    is_out_of_range: bool = False


@dataclass(slots=True)
class _Fetched:
    """A record in the queue; without a message, a marker that only moves the position."""

    reading: _Reading
    version: int
    next: int
    message: SimulatedMessage | None


class SimulatedConsumer(Client):
    """As confluent_kafka's, as far as it is used."""

    def __init__(self, cluster: Cluster, config: Mapping[str, Any], **_: object) -> None:
        super().__init__(cluster, config)
        self._committed_only = config.get("isolation.level", "read_committed") == "read_committed"
        self._sees_ends = bool(config.get("enable.partition.eof", False))
        self._reset = str(config.get("auto.offset.reset", "latest"))
        self._group = str(config["group.id"])
        self._readings: dict[Place, _Reading] = {}
        self._known: set[Place] = set()  # Once assigned.
        self._queue: deque[_Fetched | Callable[[], None] | SimulatedMessage] = deque()
        self._waiters: list[Task] = []
        self._is_closed = False
        self._was_assigned = False  # By the callback that is being served.
        self._membership: Membership | None = None
        self._polled_s = self._kernel.now_s

    # Records

    def poll(self, timeout: float | None = None) -> SimulatedMessage | None:
        """Return the next record, once calls of the group before it are served."""
        self._begin_call("poll")
        until_s = self._kernel.now_s + seconds_of(timeout)
        while True:
            message = self._take()
            if message is not None:
                return message
            left_s = until_s - self._kernel.now_s
            if left_s <= 0:
                return None
            self._kernel.wait(lambda: bool(self._queue), self._waiters, left_s)

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[SimulatedMessage]:
        """Return so many records, or what came in time."""
        self._begin_call("consume")
        until_s = self._kernel.now_s + seconds_of(timeout)
        messages: list[SimulatedMessage] = []
        while len(messages) < num_messages:
            message = self._take()
            if message is not None:
                messages.append(message)
                continue
            left_s = until_s - self._kernel.now_s
            if left_s <= 0:
                break
            self._kernel.wait(lambda: bool(self._queue), self._waiters, left_s)
        return messages

    def _begin_call(self, name: str) -> None:
        if self._is_closed:
            raise RuntimeError("Consumer closed")
        self._kernel.point(name)
        self._kernel.tick()
        self._polled_s = self._kernel.now_s
        if self._membership is not None:
            self._membership.polled()

    def _take(self) -> SimulatedMessage | None:
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, SimulatedMessage):
                return item
            if not isinstance(item, _Fetched):
                item()
                continue
            reading = item.reading
            if item.version != reading.version or self._readings.get(reading.place) is not reading:
                continue
            reading.position = reading.again = item.next
            self._fetch(reading)
            if item.message is not None:
                return item.message
        return None

    def _put(self, item: "_Fetched | Callable[[], None] | SimulatedMessage") -> None:
        self._queue.append(item)
        self._kernel.wake(self._waiters)

    # Fetching

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._require_open("assign")
        self._was_assigned = True
        self._unassign()
        for tp in partitions:
            reading = _Reading((tp.topic, tp.partition), tp.offset, OFFSET_INVALID, tp.offset)
            self._readings[reading.place] = reading
        for reading in self._readings.values():
            self._fetch(reading)

    def incremental_assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._require_open("assign")
        self._was_assigned = True
        for tp in partitions:
            place = tp.topic, tp.partition
            self._readings[place] = _Reading(place, tp.offset, OFFSET_INVALID, tp.offset)
            self._fetch(self._readings[place])

    def incremental_unassign(self, partitions: Sequence[TopicPartition]) -> None:
        self._require_open("unassign")
        self._was_assigned = True
        for tp in partitions:
            reading = self._readings.pop((tp.topic, tp.partition), None)
            if reading is not None:
                reading.version += 1

    def unassign(self) -> None:
        self._require_open("unassign")
        self._was_assigned = True
        self._unassign()

    def _unassign(self) -> None:
        for reading in self._readings.values():
            reading.version += 1
        self._readings = {}

    def assignment(self) -> list[TopicPartition]:
        self._kernel.tick()
        return [TopicPartition(*place) for place in self._readings]

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        for reading in self._found(partitions):
            if not reading.is_paused:
                reading.is_paused = True
                self._go_back(reading)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        for reading in self._found(partitions):
            if reading.is_paused:
                reading.is_paused = False
                self._go_back(reading)
                self._fetch(reading)

    def seek(self, partition: TopicPartition) -> None:
        self._require_open("seek")
        place = partition.topic, partition.partition
        if place not in self._readings:
            is_known = place in self._known
            raise raised(KafkaError._STATE if is_known else KafkaError._UNKNOWN_PARTITION)
        reading = self._readings[place]
        reading.version += 1
        reading.next = reading.again = partition.offset
        reading.position, reading.ended_at = OFFSET_INVALID, -1
        reading.is_fetching = False
        self._fetch(reading)

    def position(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        self._kernel.tick()
        found = []
        for tp in partitions:
            reading = self._readings.get((tp.topic, tp.partition))
            offset = OFFSET_INVALID if reading is None else reading.position
            found.append(TopicPartition(tp.topic, tp.partition, offset))
        return found

    def _found(self, partitions: Iterable[TopicPartition]) -> list[_Reading]:
        self._kernel.tick()
        places = [(tp.topic, tp.partition) for tp in partitions]
        return [self._readings[place] for place in places if place in self._readings]

    def _go_back(self, reading: _Reading) -> None:
        """Forget what was fetched and not taken."""
        reading.version += 1
        reading.is_fetching = False
        reading.next, reading.ended_at = reading.again, -1

    def _fetch(self, reading: _Reading) -> None:
        """Ask for more of a partition, once there is room for it."""
        self._known.add(reading.place)
        is_wanted = self._readings.get(reading.place) is reading and not reading.is_paused
        if reading.is_fetching or not is_wanted or len(self._queue) > QUEUED_MAX:
            return
        reading.is_fetching = True
        version = reading.version

        def ask() -> _Chunk | None:
            chunk = self._read(self._cluster.log(reading.place), reading)
            if chunk is None:
                self._cluster.on_news(reading.place, lambda: self._ask_again(reading, version))
            return chunk

        def take(answer: object) -> None:
            if version != reading.version or answer is None:
                return
            reading.is_fetching = False
            if isinstance(answer, Refused):
                self._error(reading, answer.code)
            elif isinstance(answer, _Chunk):
                self._take_chunk(answer, reading)

        self._cluster.network.request(self._process, ask, take)

    def _ask_again(self, reading: _Reading, version: int) -> None:
        def again() -> None:
            if version == reading.version:
                reading.is_fetching = False
                self._fetch(reading)

        self._process.deliver(again)

    def _read(self, log: Log, reading: _Reading) -> _Chunk | None:
        """Read as the leader does; None while there is nothing to say."""
        end = log.stable_end if self._committed_only else log.end
        start = self._start(log, reading.next, end)
        if start is None:
            return _Chunk([], reading.next, (log.begin, end), is_out_of_range=True)
        entries = list(islice(log.read(start, committed=self._committed_only), FETCHED_MAX))
        behind = entries[-1].offset + 1 if entries else start
        chunk = _Chunk(entries, behind, (log.begin, end))
        is_end_news = self._sees_ends and behind >= end and reading.ended_at != end
        return chunk if entries or is_end_news else None

    def _start(self, log: Log, offset: int, end: int) -> int | None:
        """Return where to read; None where the application is to be told that it cannot."""
        if offset == OFFSET_BEGINNING:
            return log.begin
        if offset == OFFSET_END:
            return end
        if log.begin <= offset <= log.end:
            return offset
        if self._reset == "error":
            return None
        return log.begin if self._reset in {"earliest", "smallest"} else end

    def _take_chunk(self, chunk: _Chunk, reading: _Reading) -> None:
        if chunk.is_out_of_range:
            self._error(reading, KafkaError._AUTO_OFFSET_RESET)
            return
        reading.bounds, end = chunk.bounds, chunk.bounds[1]
        for entry in chunk.entries:
            reading.next = entry.offset + 1
            self._queue_entry(entry, reading)
        reading.next = chunk.next
        if self._sees_ends and reading.next >= end and reading.ended_at != end:
            reading.ended_at = end
            self._put(self._fetched(reading, self._end_message(reading, end)))
        self._fetch(reading)

    def _queue_entry(self, entry: Entry, reading: _Reading) -> None:
        if entry.is_marker:
            self._put(self._fetched(reading, None))
        elif not self._committed_only or entry.is_visible:
            topic = self._cluster.topics[reading.place[0]]
            kind = TIMESTAMP_LOG_APPEND_TIME if topic.has_append_time else TIMESTAMP_CREATE_TIME
            message = SimulatedMessage(
                *reading.place,
                entry.offset,
                key=entry.key,
                value=entry.value,
                headers=entry.headers,
                time=(kind, entry.timestamp_ms),
            )
            self._put(self._fetched(reading, message))

    def _fetched(self, reading: _Reading, message: SimulatedMessage | None) -> _Fetched:
        return _Fetched(reading, reading.version, reading.next, message)

    def _end_message(self, reading: _Reading, end: int) -> SimulatedMessage:
        return SimulatedMessage(*reading.place, end, error=KafkaError(KafkaError._PARTITION_EOF))

    def _error(self, reading: _Reading, code: int) -> None:
        message = SimulatedMessage(*reading.place, reading.next, error=KafkaError(code))
        self._put(self._fetched(reading, message))

    # The group

    def subscribe(
        self,
        topics: Sequence[str],
        on_assign: Any = None,
        on_revoke: Any = None,
        on_lost: Any = None,
    ) -> None:
        self._require_open("subscribe")

        def serve(kind: str, places: Sequence[Place]) -> None:
            callback = {"assign": on_assign, "revoke": on_revoke}.get(kind, on_lost or on_revoke)
            self._was_assigned = False
            partitions = [TopicPartition(*place) for place in places]
            if callback is not None:
                callback(self, partitions)
            if not self._was_assigned and kind == "assign":
                self.assign(partitions)
            elif not self._was_assigned:
                self._unassign()

        self._membership = Membership(
            self._cluster,
            self._process,
            group=self._group,
            config=self._config,
            topics=tuple(topics),
            queue=self._put,
            serve=serve,
        )
        self._membership.join()

    def unsubscribe(self) -> None:
        self._require_open("unsubscribe")
        if self._membership is not None:
            self._membership.leave()

    def memberid(self) -> str:
        self._kernel.tick()
        return "" if self._membership is None else self._membership.name.member_id

    def consumer_group_metadata(self) -> SimulatedGroupMetadata:
        self._kernel.tick()
        nobody = MemberName(-1, "", "")
        name = nobody if self._membership is None else self._membership.name
        return SimulatedGroupMetadata(self._group, name)

    def commit(
        self,
        message: object = None,
        offsets: Sequence[TopicPartition] = (),
        asynchronous: bool = True,  # noqa: FBT001, FBT002 - As Kafka's client has it.
    ) -> list[TopicPartition]:
        assert not asynchronous
        name = self.consumer_group_metadata().name
        wanted = {(tp.topic, tp.partition): (tp.offset, tp.metadata or "") for tp in offsets}
        self._ask(
            "commit",
            lambda: self._cluster.groups.commit(self._group, name, wanted),
            None,
            of_coordinator=True,
        )
        return list(offsets)

    def committed(
        self, partitions: Sequence[TopicPartition], timeout: float | None = None
    ) -> list[TopicPartition]:
        """Return the group's offsets, once they are stable."""
        until_s = self._kernel.now_s + seconds_of(timeout)

        def ask() -> list[TopicPartition] | None:
            try:
                return [self._offset_of(tp) for tp in partitions]
            except KeyError:  # A transaction may change it; a reader of everything does not wait.
                return None if self._committed_only else [self._settled(tp) for tp in partitions]

        while True:
            left_s = until_s - self._kernel.now_s
            answer = self._ask("committed", ask, max(0.0, left_s), of_coordinator=True)
            if isinstance(answer, list):
                return answer
            self._kernel.sleep(min(AGAIN_SECONDS, max(0.0, left_s)))

    def _offset_of(self, tp: TopicPartition) -> TopicPartition:
        found = self._cluster.groups.committed(self._group, (tp.topic, tp.partition))
        offset, metadata = (OFFSET_INVALID, "") if found is None else found
        return TopicPartition(tp.topic, tp.partition, offset, metadata)

    def _settled(self, tp: TopicPartition) -> TopicPartition:
        offset = self._cluster.groups.settled(self._group, (tp.topic, tp.partition))
        return TopicPartition(tp.topic, tp.partition, offset or OFFSET_INVALID)

    def offsets_for_times(
        self, partitions: Sequence[TopicPartition], timeout: float | None = None
    ) -> list[TopicPartition]:
        """Return the first offset from a time on, -1 for none; the end for the time -1."""

        def ask() -> list[TopicPartition]:
            return [
                TopicPartition(tp.topic, tp.partition, self._offset_at(tp)) for tp in partitions
            ]

        found: list[TopicPartition] = self._ask("offsets_for_times", ask, timeout)
        return found

    def _offset_at(self, tp: TopicPartition) -> int:
        log = self._cluster.log((tp.topic, tp.partition))
        if tp.offset == OFFSET_END:
            return log.stable_end if self._committed_only else log.end
        found = (entry.offset for entry in log.entries if entry.timestamp_ms >= tp.offset)
        return next(found, OFFSET_END)

    def get_watermark_offsets(
        self,
        partition: TopicPartition,
        timeout: float | None = None,
        cached: bool = False,  # noqa: FBT001, FBT002 - As Kafka's client has it.
    ) -> tuple[int, int]:
        place = partition.topic, partition.partition
        if cached:
            self._kernel.tick()
            reading = self._readings.get(place)
            return (OFFSET_INVALID, OFFSET_INVALID) if reading is None else reading.bounds

        def ask() -> tuple[int, int]:
            log = self._cluster.log(place)
            return log.begin, log.stable_end if self._committed_only else log.end

        found: tuple[int, int] = self._ask("watermarks", ask, timeout)
        return found

    def close(self) -> None:
        """Leave the group as Kafka's client does: a static member stays in it for its session."""
        if self._is_closed:
            return
        self._kernel.point("close")
        if self._membership is not None:
            self._membership.close()
        self._unassign()
        self._is_closed = True

    def _require_open(self, name: str) -> None:
        if self._is_closed:
            raise RuntimeError("Consumer closed")
        self._kernel.point(name)
        self._kernel.tick()
