"""Read a topic of a test's broker to its end, as the operator's commands do."""

from contextlib import closing

from confluent_kafka import OFFSET_BEGINNING, Message, TopicPartition

from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from pipeline.streams.settings import Settings

__all__ = ["read_all"]


def read_all(brokers: str, topic: str, *, partitions: int = 1) -> list[Message]:
    """Return what is committed to a topic now, each partition in order; topic: its full name."""
    places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)]
    with closing(operator_reader(Broker(Settings(brokers=brokers)))) as consumer:
        return list(read_to_end(consumer, places))
