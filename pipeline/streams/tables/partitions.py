"""Find new partitions of the tables' topics, whose symbols would otherwise stay invisible.

The table reader is in no consumer group, so no rebalance reports them to it.
"""

from collections.abc import Collection, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from pipeline.streams.client_settings import FETCH
from pipeline.streams.clients.polling import WITHOUT_COMMITS
from pipeline.streams.role_interface import Place
from topics.topic import Topic

__all__ = ["CONSUMER", "TablePartitions", "find_starts"]

ASK_SECONDS = 5.0
REQUEST_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 0.25  # Short: it blocks the reader's thread, and the next try comes soon.

CONSUMER = {**WITHOUT_COMMITS, **FETCH, "auto.offset.reset": "error"}


class TablePartitions:
    """Finds new partitions and assigns them from their beginning."""

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics
        self._due_s = 0.0

    def take_new(
        self, consumer: Consumer, known: Collection[Place], *, now_s: float
    ) -> list[Place]:
        """Assign partitions that are not in `known`, and return them."""
        if now_s < self._due_s:
            return []
        self._due_s = now_s + ASK_SECONDS
        new = [place for topic in self._topics for place in _places(consumer, topic, known)]
        if new:
            consumer.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in new])
        return new


def find_starts(
    consumer: Consumer, topics: Mapping[str, Topic], *, since_ms: int
) -> tuple[list[TopicPartition], dict[Place, int]]:
    """Return the start and the end of each partition.

    `prices` start at `since_ms`, other topics at their beginning.
    """
    metadata = consumer.list_topics(timeout=REQUEST_SECONDS_MAX)
    places = [
        TopicPartition(name, partition, since_ms)
        for name in topics
        for partition in metadata.topics[name].partitions
    ]
    prices = [place for place in places if topics[place.topic].name == "prices"]
    # If nothing is newer than that time, the client returns -1, which means the end.
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
    except KafkaException:  # The reader checks elsewhere whether brokers answer.
        return []
    return [(topic, number) for number in found.partitions if (topic, number) not in known]
