"""Read partitions from given offsets to their ends, one record at a time."""

from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.streams.clients.broker import Broker, BrokerError, Property
from pipeline.streams.clients.consumer_errors import is_partition_end, passes_without_group

__all__ = ["READ_SECONDS_MAX", "operator_reader", "read_to_end"]

READ_SECONDS_MAX = 30.0


def operator_reader(broker: Broker, **more: Property) -> Consumer:
    """Return a consumer of committed records that reports the ends of partitions."""
    return Consumer(
        broker.properties(
            group_id=broker.settings.group("operator"),
            enable_auto_commit=False,
            enable_partition_eof=True,
            isolation_level="read_committed",
            **more,
        )
    )


def read_to_end(
    consumer: Consumer, places: Sequence[TopicPartition], *, seconds_max: float = READ_SECONDS_MAX
) -> Iterator[Message]:
    """Assign partitions and yield their records, each partition in order, up to all their ends.

    The consumer needs `enable.partition.eof`. Raise BrokerError if no answer arrives within
    `seconds_max` or a partition cannot be read.
    """
    consumer.assign(list(places))
    waiting = {place.partition for place in places}
    while waiting:
        # Not consume(): it waits for a whole batch or its timeout, even at the end of the log.
        message = consumer.poll(seconds_max)
        if message is None:
            raise BrokerError(f"Kafka did not answer within {seconds_max:g} s; try again")
        error = message.error()
        if error is None:
            yield message
        elif is_partition_end(error):
            waiting.discard(message.partition())
        elif not passes_without_group(error):
            topic = message.topic() or "A topic"
            raise BrokerError(f"{topic} cannot be read ({error.str()}); try again")
