"""Whether the topics of the tables have more partitions by now: their symbols would be invisible.

Apart from table_reader.py, which is in no group and therefore hears nothing of it.
"""

from collections.abc import Collection, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from pipeline.streams.role_interface import FETCH, Place
from topics.topic import Topic

__all__ = ["CONSUMER", "TablePartitions", "find_starts"]

LOOK_SECONDS = 5.0
REQUEST_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 0.25  # The reader's thread stands still meanwhile; the next look comes soon.

CONSUMER = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 50,
    "fetch.queue.backoff.ms": 1,
    "queued.max.messages.kbytes": 16_384,
    **FETCH,
}


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


def find_starts(
    consumer: Consumer, topics: Mapping[str, Topic], *, since_ms: int
) -> tuple[list[TopicPartition], dict[Place, int]]:
    """Return where each partition is read from, and where each ends.

    `prices` from that time on, the rest from its beginning.
    """
    metadata = consumer.list_topics(timeout=REQUEST_SECONDS_MAX)
    places = [
        TopicPartition(name, partition, since_ms)
        for name in topics
        for partition in metadata.topics[name].partitions
    ]
    prices = [place for place in places if topics[place.topic].name == "prices"]
    # Nothing newer than that time: the client says -1, which means the end.
    starts = consumer.offsets_for_times(prices, timeout=REQUEST_SECONDS_MAX)
    ends: dict[Place, int] = {}
    for place in places:
        low, end = consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS_MAX)
        place.offset = low
        ends[place.topic, place.partition] = end
    return [*(place for place in places if place not in prices), *starts], ends


def _places(consumer: Consumer, topic: str, known: Collection[Place]) -> list[Place]:
    try:
        found = consumer.list_topics(topic, timeout=ANSWER_SECONDS_MAX).topics[topic]
    except KafkaException:  # Whether brokers answer is watched elsewhere.
        return []
    return [(topic, number) for number in found.partitions if (topic, number) not in known]
