"""Inputs that ingest has read, and that are neither in the log nor among the dead letters.

An offset that ingest committed says that all before it was written. So whatever is missing below
it is lost, unless it is no record at all: a marker of a transaction, or one that was deleted.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.cluster import ids_of
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.clients.polling import record_of
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from pipeline.streams.dead_letter import key_text
from pipeline.streams.input_groups import inputs_of
from pipeline.streams.role_interface import Place, Record
from pipeline.verify.finding import Finding
from pipeline.verify.inputs import InputPlace, Inputs
from topics.codec import DecodeError, decode_as
from topics.dead_letters import TOPIC as DEAD_LETTERS
from topics.dead_letters import DeadLetter

__all__ = ["Committed", "LostInputs"]

ANSWER_SECONDS_MAX = 10.0
LOST_MAX = 1000  # Findings of one partition; a group that was set far ahead lost millions.
WITHOUT_EVENTS = "instruments"  # Ingest writes nothing of one that is right.


class Committed(NamedTuple):
    """How far ingest has come."""

    ends: dict[Place, int]
    topic_ids: dict[str, str]


class LostInputs:
    """Ask Kafka how far ingest has come, and what there is of the inputs before that."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def committed(self) -> Committed:
        """Return the offsets of ingest's groups; ask before the end of the log."""
        settings, ends = self._broker.settings, dict[Place, int]()
        for group, topics in inputs_of(settings).items():
            with closing(outsider(self._broker, group)) as asking:
                there = self._broker.metadata(asking).topics
                places = [
                    (topic, number)
                    for topic in topics
                    if topic in there and topic != settings.topic(WITHOUT_EVENTS)
                    for number in there[topic].partitions
                ]
                ends |= committed(asking, places)
        return Committed(ends, ids_of(settings, {topic for topic, _ in ends}) if ends else {})

    def find(
        self, inputs: Inputs, until: Committed, *, whole: bool, grace_ms: int
    ) -> Iterator[Finding]:
        """Yield what is lost, in each partition from the first input on that the log names.

        What is before may be in an older log, or was copied with the offsets. Not whole: the log
        was read from a time on; what an input holds from before that, or so shortly after it that
        its event may stand before it, is left out.
        """
        if not any(self._gaps(inputs, until)):
            return
        since_ms = 0 if whole else inputs.began_ms + grace_ms
        with closing(operator_reader(self._broker, auto_offset_reset="earliest")) as consumer:
            self._take_dead_letters(consumer, inputs)
            # Again: most of what no event names, a dead letter does.
            for gap in self._gaps(inputs, until):
                yield from self._lost(consumer, inputs, gap, since_ms=since_ms)

    def _gaps(self, inputs: Inputs, until: Committed) -> Iterator["_Gap"]:
        prefix = self._broker.settings.topic_prefix
        for (topic, number), end in until.ends.items():
            place = InputPlace(topic.removeprefix(prefix), until.topic_ids[topic], number)
            for begin, stop in inputs.held(place).gaps(end):
                yield _Gap(topic, place, begin, stop)

    def _take_dead_letters(self, consumer: Consumer, inputs: Inputs) -> None:
        name = self._broker.settings.topic(DEAD_LETTERS.name)
        (count,) = self._broker.partitions(consumer, DEAD_LETTERS.name)
        places = [TopicPartition(name, number, OFFSET_BEGINNING) for number in range(count)]
        for message in read_to_end(consumer, places):
            try:
                letter = decode_as(DeadLetter, message.value() or b"")
            except DecodeError:
                continue  # Not written by riskgate.
            inputs.take_dead(letter)

    def _lost(
        self, consumer: Consumer, inputs: Inputs, gap: "_Gap", *, since_ms: int
    ) -> Iterator[Finding]:
        found = 0
        for record in self._records(consumer, gap):
            key = key_text(record.key)
            if record.value is None or record.timestamp_ms < since_ms:
                continue
            if inputs.was_cut(gap.place, record.offset, key):
                continue
            found += 1
            if found > LOST_MAX:
                return
            yield Finding(
                "input",
                key or "?",
                gap.place.topic,
                gap.place.partition,
                record.offset,
                f"ingest went on to {gap.end} and further, and wrote nothing of this record",
                "an event or a dead letter that names it",
            )

    def _records(self, consumer: Consumer, gap: "_Gap") -> Iterator[Record]:
        """Yield the records that there are; none where offsets are markers, or were deleted."""
        place = TopicPartition(gap.topic, gap.place.partition)
        low, _ = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
        if low >= gap.end:
            return
        begin = TopicPartition(gap.topic, gap.place.partition, max(low, gap.begin))
        for record in map(record_of, read_to_end(consumer, [begin])):
            if record.offset >= gap.end:
                return
            yield record


class _Gap(NamedTuple):
    """Offsets of an input that nothing names."""

    topic: str  # With the prefix.
    place: InputPlace
    begin: int
    end: int
