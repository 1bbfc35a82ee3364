"""Whether the topics of the tables have more partitions by now: their symbols would be invisible.

Apart from table_reader.py, which is in no group and therefore hears nothing of it.
"""

from collections.abc import Collection

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from pipeline.streams.role_interface import Place

__all__ = ["TablePartitions"]

LOOK_SECONDS = 5.0
ANSWER_SECONDS_MAX = 0.25  # The reader's thread stands still meanwhile; the next look comes soon.


class TablePartitions:
    """Find new partitions and read them from their beginning: nothing was there before."""

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics
        self._due_s = 0.0

    def take_new(
        self, consumer: Consumer, known: Collection[Place], *, now_s: float
    ) -> list[Place]:
        """Begin with partitions that are not known, and return them."""
        if now_s < self._due_s:
            return []
        self._due_s = now_s + LOOK_SECONDS
        new = [place for topic in self._topics for place in _places(consumer, topic, known)]
        if new:
            consumer.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in new])
        return new


def _places(consumer: Consumer, topic: str, known: Collection[Place]) -> list[Place]:
    try:
        found = consumer.list_topics(topic, timeout=ANSWER_SECONDS_MAX).topics[topic]
    except KafkaException:  # Whether brokers answer is watched elsewhere.
        return []
    return [(topic, number) for number in found.partitions if (topic, number) not in known]
