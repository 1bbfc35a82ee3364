"""Read the partitions of `account_states` that this broadcast owns, from their beginning.

Apart from broadcast.py because this knows the consumer group, not what the rows are for. It commits
nothing; each new owner reads a partition completely.
"""

import logging
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.clients.polling import WITHOUT_COMMITS, poll_all
from pipeline.streams.settings import Settings

__all__ = ["OwnedStates", "Row"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 1000
POLL_INTERVAL_MS_MAX = 45_000
CONSUMER = {
    **WITHOUT_COMMITS,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "max.poll.interval.ms": POLL_INTERVAL_MS_MAX,
    # A partition that keeps its owner gets heartbeats while others move.
    "partition.assignment.strategy": "cooperative-sticky",
}


class Row(NamedTuple):
    """The newest value of a key in a batch; None where it was deleted."""

    partition: int
    account_id: str
    value: bytes | None


class OwnedStates:
    """A member of the group; `whole` are the owned partitions that were read to their end."""

    def __init__(self, settings: Settings) -> None:
        self.owned: set[int] = set()
        self.whole: set[int] = set()
        self.is_member = False  # Of the group, perhaps without a partition.
        self._consumer = Consumer(
            {
                **settings.connection(),
                **CONSUMER,
                "group.id": settings.group("broadcast"),
                "session.timeout.ms": settings.session_timeout_ms,
            },
            logger=logger,
        )
        self._topic = settings.topic("account_states")

    def join(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assign,
            on_revoke=self._revoke,
            on_lost=self._lose,
        )

    def read(self) -> list[Row]:
        """Return the available rows without waiting; the assignment may change meanwhile."""
        newest: dict[tuple[int, bytes], Row] = {}
        for message in poll_all(self._consumer, BATCH_RECORDS):
            error, partition = message.error(), message.partition() or 0
            if error is None:
                key = message.key() or b""
                name = key.decode(errors="backslashreplace")
                newest[partition, key] = Row(partition, name, message.value())
            elif is_partition_end(error):
                self.whole.add(partition)
            else:
                require_passing(error)
        self.whole &= self.owned
        return [row for row in newest.values() if row.partition in self.owned]

    def close(self) -> None:
        """Leave the group, so that others take over before many heartbeats are missing."""
        self._consumer.close()

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            place.offset = OFFSET_BEGINNING
        consumer.incremental_assign(partitions)
        self.owned |= {place.partition for place in partitions}
        self.is_member = True

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.owned -= {place.partition for place in partitions}
        self.whole &= self.owned
        consumer.incremental_unassign(partitions)

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.is_member = False
        self._revoke(consumer, partitions)
