"""The offsets of groups, asked by clients that never join them."""

from collections.abc import Iterable
from contextlib import closing

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.role_interface import Place

__all__ = ["committed", "metadata_of", "outsider"]

ANSWER_SECONDS_MAX = 10.0


def outsider(broker: Broker, group: str) -> Consumer:
    """Return a consumer that asks in a group's name, and commits only what it is told to."""
    return Consumer(broker.properties(group_id=group, enable_auto_commit=False))


def committed(consumer: Consumer, places: Iterable[Place]) -> dict[Place, int]:
    """Return the next offset of the consumer's group at each place that has one."""
    asked = [TopicPartition(*place) for place in places]
    found = require_answers(consumer.committed(asked, timeout=ANSWER_SECONDS_MAX))
    return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}


def metadata_of(broker: Broker, group: str) -> GroupMetadata:
    """Return as whom a group's offsets are committed while nobody is in it."""
    with closing(outsider(broker, group)) as consumer:
        found: GroupMetadata = consumer.consumer_group_metadata()
    return found
