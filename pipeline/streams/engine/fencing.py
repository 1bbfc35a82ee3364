"""The end of transactions that a worker left open in a changelog and cannot end itself any more.

Whoever takes its partitions over reads offsets and changelog behind that transaction, so it would
wait for the transaction's timeout. Instead it takes the name of that worker's producer for a
moment: the brokers then abort the transaction and refuse the worker, should it wake up.

Apart from takeover.py because it needs only plain Kafka clients.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Protocol

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.role_interface import EngineSettings, Place

__all__ = ["OWNER", "end_left_open", "names_at"]

logger = logging.getLogger(__name__)

# A header of the first record that a transaction writes to a partition: whose transaction it is.
OWNER = "owner"
# A worker that is alive ends its transaction before it gives a partition up; the brokers write
# that down a little later. After this long nobody is going to.
GRACE_SECONDS = 1.0
LOOK_SECONDS = 0.05
READ_SECONDS_MAX = 3.0
FENCE_SECONDS_MAX = 5.0


class Ends(Protocol):
    """What is asked of the brokers."""

    beat: Callable[[], None]

    def left_open(self, partitions: Iterable[Place]) -> dict[Place, int]:
        """Return, by partition, where the oldest open transaction begins."""


def end_left_open(settings: EngineSettings, cluster: Ends, places: Iterable[Place]) -> None:
    """Wait for transactions in these partitions to end; end those that nobody ends.

    One whose worker is not known stays open: it ends by its timeout, and the restore waits for it.
    """
    waited = list(places)
    give_up_s = time.monotonic() + GRACE_SECONDS
    while waited:
        left_open = cluster.left_open(waited)
        if not left_open:
            return
        cluster.beat()
        if time.monotonic() > give_up_s:
            _end_all(settings, left_open, beat=cluster.beat)
            return
        time.sleep(LOOK_SECONDS)


def _end_all(
    settings: EngineSettings, left_open: Mapping[Place, int], *, beat: Callable[[], None]
) -> None:
    names = names_at(settings, left_open, beat=beat)
    # Only names of this group; its own was taken by its producer already.
    others = {name for name in names if name.startswith(f"{settings.group}-")}
    for name in sorted(others - {settings.transactional_id}):
        beat()
        logger.warning("%s left a transaction open; it is aborted, and the worker fenced", name)
        try:
            _fence(settings, name)
        except KafkaException as error:
            logger.warning("The transaction of %s was not aborted: %s", name, error)


def _fence(settings: EngineSettings, name: str) -> None:
    properties = settings.producer(transactional=True)
    own_name = {"bootstrap.servers": settings.brokers, "transactional.id": name, "log_level": 0}
    Producer({**properties, **own_name}).init_transactions(FENCE_SECONDS_MAX)


def names_at(
    settings: EngineSettings, offsets: Mapping[Place, int], *, beat: Callable[[], None]
) -> set[str]:
    """Return who wrote the records at these offsets, as far as they say so and can be read."""
    names: set[str] = set()
    unread = set(offsets)
    give_up_s = time.monotonic() + READ_SECONDS_MAX
    with closing(Consumer(settings.second_reader())) as consumer:
        consumer.assign([TopicPartition(*place, at) for place, at in offsets.items()])
        while unread and time.monotonic() < give_up_s:
            beat()
            message = consumer.poll(LOOK_SECONDS)
            if message is not None:
                names |= _take(message, unread)
    return names


def _take(message: Message, unread: set[Place]) -> set[str]:
    """Note the first message of a partition; return who wrote it, if it says so."""
    place, error = (message.topic() or "", message.partition() or 0), message.error()
    if error is not None and not is_partition_end(error):
        require_passing(error)
        return set()
    if place not in unread:
        return set()
    unread.discard(place)
    owner = None if error is not None else dict(message.headers() or ()).get(OWNER)
    return {owner.decode()} if isinstance(owner, bytes) else set()
