"""Where records stand: partitions of topics."""

from typing import NamedTuple

__all__ = ["Partition", "Place"]

Place = tuple[str, int]  # Topic and partition.


class Partition(NamedTuple):
    """An input partition that this worker owns."""

    topic: str
    partition: int
    topic_id: str  # Kafka's, read at this assignment; it changes when the topic is recreated.
