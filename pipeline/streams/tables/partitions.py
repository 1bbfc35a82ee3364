"""Where the tables begin in the logs of their topics."""

from collections.abc import Collection, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from pipeline.streams.client_settings import FETCH
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.clients.polling import WITHOUT_COMMITS
from pipeline.streams.role_interface import Place
from topics.topic import Topic

__all__ = ["CONSUMER", "assign_new", "find_starts"]

REQUEST_SECONDS_MAX = 10.0

CONSUMER = {**WITHOUT_COMMITS, **FETCH, "auto.offset.reset": "error"}


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
    starts = require_answers(consumer.offsets_for_times(prices, timeout=REQUEST_SECONDS_MAX))
    ends: dict[Place, int] = {}
    for place in places:
        low, end = consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS_MAX)
        place.offset = low
        ends[place.topic, place.partition] = end
    return [*(place for place in places if place not in prices), *starts], ends


def assign_new(consumer: Consumer, places: Collection[Place]) -> list[Place]:
    """Read new partitions too, from their beginning; return them.

    The reader is in no group, so no rebalance reports them, and their symbols would be missing.
    """
    new = sorted(places)
    if new:
        consumer.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in new])
    return new
