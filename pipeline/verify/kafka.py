"""Records from Kafka, read_committed and without joining a group, one client for all partitions."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message, TopicPartition

from pipeline.errors import StartupError
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.consumer_errors import (
    is_partition_end,
    passes_without_group,
    require_answers,
)
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.clients.read_to_end import operator_reader
from pipeline.verify.finding import Finding
from pipeline.verify.inputs import Inputs
from pipeline.verify.invariants import GRACE_MS
from pipeline.verify.lost_inputs import Committed, LostInputs
from pipeline.verify.partition import PartitionJudge
from pipeline.verify.records import EVENTS, OUTPUTS, Record
from pipeline.verify.redecided import Redecided, begun_before

__all__ = ["KafkaReading", "Stretch"]

ANSWER_SECONDS_MAX = 10.0
SILENT_SECONDS_MAX = 30.0
WAIT_SECONDS = 0.2
BATCH = 2000
OUTPUTS_MS = 2000  # A follower leaves its outputs this long to arrive before it takes an event.

Place = tuple[str, int]  # A topic without the prefix, and a partition.


class Stretch(NamedTuple):
    """What to read and how to judge it; times in milliseconds, None for all that there is."""

    from_ms: int | None = None
    to_ms: int | None = None  # Append time, exclusive.
    replay: bool = True  # Decide the log again, too.
    grace_ms: int = GRACE_MS  # After an event, for what it should publish.


class KafkaReading:
    """Judge what a deployment's topics hold."""

    def __init__(self, broker: Broker, stretch: Stretch) -> None:
        self._broker = broker
        self._stretch = stretch
        self._names = {broker.settings.topic(name): name for name in (EVENTS, *OUTPUTS)}
        self._consumer = operator_reader(broker, auto_offset_reset="error")
        self._partitions = self._count()
        self._inputs, self._lost = Inputs(), LostInputs(broker)
        begins = self._begins()
        self._whole = self._is_whole(begins)
        self.judges = self._judges(whole=self._whole)
        self._next = begins
        self._ends: dict[Place, int] | None = None  # Where to stop; None while following.
        self._open: set[Place] = set(begins)  # Not read to their ends.
        self._paused: set[Place] = set()

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()

    def judge_all(self) -> Iterator[Finding]:
        """Judge what the topics hold now. Raise BrokerError when they cannot be read."""
        decided, ingested = self._decided(), self._lost.committed()
        self._require_events(self._fix_ends())
        self._assign()
        yield from self._read_to_ends()
        yield from self._finish(decided, ingested)

    def follow(self, is_stopped: Callable[[], bool]) -> Iterator[Finding]:
        """Judge what comes until stopped, then everything up to that moment.

        Raise BrokerError when that cannot be read: of half a log nothing can be said.
        """
        self._assign()
        while not is_stopped():
            self._poll()
            yield from self._advance(int(time.time() * 1000) - OUTPUTS_MS)
        decided, ingested = self._decided(), self._lost.committed()
        self._fix_ends()
        yield from self._read_to_ends()
        yield from self._finish(decided, ingested)

    def _count(self) -> int:
        counts = self._broker.partitions(self._consumer, EVENTS, *OUTPUTS)
        if len(set(counts)) != 1:
            raise BrokerError(
                "events and the outputs have different partition counts: they do not belong "
                "together; name one deployment's topics with RISKGATE_TOPIC_PREFIX"
            )
        return counts[0]

    def _places(self) -> list[Place]:
        return [(topic, n) for topic in (*OUTPUTS, EVENTS) for n in range(self._partitions)]

    def _watermarks(self, place: Place) -> tuple[int, int]:
        name = TopicPartition(self._broker.settings.topic(place[0]), place[1])
        begin, end = self._consumer.get_watermark_offsets(name, timeout=ANSWER_SECONDS_MAX)
        return begin, end

    def _begins(self) -> dict[Place, int]:
        marks = {place: self._watermarks(place) for place in self._places()}
        begins = {place: begin for place, (begin, _) in marks.items()}
        if self._stretch.from_ms is not None:
            begins |= self._at(self._stretch.from_ms, {p: end for p, (_, end) in marks.items()})
        return begins

    def _at(self, at_ms: int, ends: dict[Place, int]) -> dict[Place, int]:
        """Return the first offset of each place from a time on."""
        asked = [
            TopicPartition(self._broker.settings.topic(topic), number, at_ms)
            for topic, number in ends
        ]
        found = require_answers(self._consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS_MAX))
        places = [(self._names[each.topic], each.partition) for each in found]
        # A negative offset means that no record is as new as that.
        return {
            place: each.offset if each.offset >= 0 else ends[place]
            for place, each in zip(places, found, strict=True)
        }

    def _is_whole(self, begins: dict[Place, int]) -> bool:
        return not any(begin for (topic, _), begin in begins.items() if topic == EVENTS)

    def _judges(self, *, whole: bool) -> list[PartitionJudge]:
        def is_here(number: int) -> Callable[[str], bool]:
            return lambda account: (
                account == "*" or partition_of(account, self._partitions) == number
            )

        def judge(number: int) -> PartitionJudge:
            begin, end = self._watermarks((EVENTS, number))
            store, begun = begun_before(self._broker, number, end if whole and not begin else 0)
            made = PartitionJudge(
                whole=whole,
                begun=begun,
                is_here=is_here(number),
                inputs=self._inputs,
                redecided=Redecided(partition=number, store=store) if replays else None,
            )
            made.invariants.allow(self._stretch.grace_ms)
            return made

        replays = whole and self._stretch.replay
        return list(map(judge, range(self._partitions)))

    def _decided(self) -> list[int]:
        """Return the first event of each partition that risk may not have decided."""
        group = self._broker.settings.role_group("risk")
        name = self._broker.settings.topic(EVENTS)
        places = [(name, number) for number in range(self._partitions)]
        with closing(outsider(self._broker, group)) as asking:
            found = committed(asking, places)
        return [found.get(place, 0) for place in places]

    def _fix_ends(self) -> dict[Place, int]:
        """Ask where to stop: at the outputs first, so that the events of all of them are read."""
        ends = {place: self._watermarks(place)[1] for place in self._places()}
        if self._stretch.to_ms is not None:
            ends |= self._at(self._stretch.to_ms, ends)
        self._ends = ends
        for place in list(self._open):
            self._close_if_read(place)
        return ends

    def _require_events(self, ends: dict[Place, int]) -> None:
        """Raise StartupError when there is no event to judge: no finding would prove nothing."""
        if not any(end for (topic, _), end in ends.items() if topic == EVENTS):
            events = self._broker.settings.topic(EVENTS)
            raise StartupError(
                f"{events} has never had an event, so there is nothing to judge; "
                "name the topics with RISKGATE_TOPIC_PREFIX"
            )

    def _assign(self) -> None:
        self._consumer.assign(
            [
                TopicPartition(self._broker.settings.topic(topic), number, offset)
                for (topic, number), offset in self._next.items()
            ]
        )

    def _read_to_ends(self) -> Iterator[Finding]:
        heard_s = time.monotonic()
        while self._open:
            if self._poll():
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > SILENT_SECONDS_MAX:
                raise BrokerError(
                    f"Kafka did not answer within {SILENT_SECONDS_MAX:g} s; try again"
                )
            yield from self._advance(None)

    def _finish(self, decided: list[int], ingested: Committed) -> Iterator[Finding]:
        is_cut = self._stretch.to_ms is not None
        for judge, until in zip(self.judges, decided, strict=True):
            yield from judge.finish(until, is_cut=is_cut)
        if not is_cut:
            whole, grace_ms = self._whole, self._stretch.grace_ms
            yield from self._lost.find(self._inputs, ingested, whole=whole, grace_ms=grace_ms)

    def _advance(self, until_ms: int | None) -> Iterator[Finding]:
        for judge in self.judges:
            yield from judge.advance(until_ms)
        ready = {place for place in self._paused if not self.judges[place[1]].is_full(place[0])}
        if ready:
            self._consumer.resume([self._named(place) for place in ready])
            self._paused -= ready

    def _poll(self) -> int:
        messages = poll_all(self._consumer, BATCH, WAIT_SECONDS)
        for message in messages:
            self._take(message)
        return len(messages)

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None and not is_partition_end(error):
            if not passes_without_group(error):
                raise BrokerError(f"{message.topic()} cannot be read ({error.str()}); try again")
            return
        place = self._names[message.topic() or ""], message.partition() or 0
        if error is not None:
            self._take_end(place, message.offset() or 0)
            return
        self._offer(message, place)

    def _take_end(self, place: Place, offset: int) -> None:
        """Hear that nothing was behind an offset; before it there may be markers and no records.

        It may be long ago, and what came since is behind it in the client's queue.
        """
        self.judges[place[1]].end(place[0])
        self._pass(place, offset)

    def _pass(self, place: Place, offset: int) -> None:
        """Note that no record before an offset is still to come."""
        self._next[place] = max(self._next[place], offset)
        self._close_if_read(place)

    def _offer(self, message: Message, place: Place) -> None:
        topic, number = place
        offset = message.offset() or 0
        if self._ends is not None and offset >= self._ends[place]:
            self._pass(place, offset)
            return
        judge = self.judges[number]
        value = message.value()
        if value is not None:  # None: a row of account_states was deleted.
            kind, at_ms = message.timestamp()
            content = value.encode() if isinstance(value, str) else value
            is_append_time = kind == TIMESTAMP_LOG_APPEND_TIME
            judge.offer(Record(topic, number, offset, content, at_ms, is_append_time))
        self._pass(place, offset + 1)
        if judge.is_full(topic) and place not in self._paused:
            self._consumer.pause([self._named(place)])
            self._paused.add(place)

    def _close_if_read(self, place: Place) -> None:
        if self._ends is not None and self._next[place] >= self._ends[place]:
            self._next[place] = self._ends[place]
            self._open.discard(place)
            self.judges[place[1]].end(place[0])

    def _named(self, place: Place) -> TopicPartition:
        return TopicPartition(self._broker.settings.topic(place[0]), place[1])
