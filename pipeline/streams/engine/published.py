"""The outputs that are on their topics already, read when a partition is taken over.

What the owner before sent after its last checkpoint is decided again from the log; a role compares
it with what is here and sends only what is missing. Read as it is, committed or not: outputs have
no transaction.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.engine.unreadable import is_unreadable
from pipeline.streams.role_interface import EngineSettings, Output, Place, Stopped

__all__ = ["OUTPUTS_MAX", "read_published"]

logger = logging.getLogger(__name__)

OUTPUTS_MAX = 1_000_000  # Of all partitions taken over at once; half a gigabyte at most.
SILENT_SECONDS_MAX = 10.0
BATCH_RECORDS = 1000
POLL_SECONDS = 0.05


def read_published(
    settings: EngineSettings, ranges: Mapping[Place, Bounds], *, beat: Callable[[], None]
) -> dict[int, list[Output]]:
    """Return the outputs in these ranges by partition, those of a topic in their order.

    Raise Stopped when the brokers do not answer, or when there are too many to compare.
    """
    unread = {place: log.high for place, log in ranges.items() if log.low < log.high}
    if not unread:
        return {}
    found: dict[int, list[Output]] = {}
    outputs, heard_s = 0, time.monotonic()
    with closing(Consumer(settings.second_reader())) as consumer:
        consumer.assign([TopicPartition(*place, ranges[place].low) for place in unread])
        while unread:
            beat()
            for message in poll_all(consumer, BATCH_RECORDS, POLL_SECONDS):
                heard_s = time.monotonic()
                outputs += _take(message, unread, found)
            _check(outputs, time.monotonic() - heard_s, settings)
    return found


def _take(message: Message, unread: dict[Place, int], found: dict[int, list[Output]]) -> int:
    """Keep an output that is in its range; return how many that were."""
    place = message.topic() or "", message.partition() or 0
    error, offset = message.error(), message.offset() or 0
    end = unread.get(place)
    if error is not None:
        if is_unreadable(error):
            logger.error("%s[%d] cannot be read at %d: what follows is sent again", *place, offset)
        elif not is_partition_end(error):
            require_passing(error)
            return 0
        unread.pop(place, None)
        return 0
    if end is None:
        return 0
    if offset + 1 >= end:
        del unread[place]
    if offset >= end:
        return 0
    found.setdefault(place[1], []).append(Output(place[0], message.key(), message.value()))
    return 1


def _check(outputs: int, silent_s: float, settings: EngineSettings) -> None:
    if silent_s > SILENT_SECONDS_MAX:
        raise Stopped(
            f"The outputs of {settings.instance} could not be read within "
            f"{SILENT_SECONDS_MAX:g} s; see the brokers, and start again"
        )
    if outputs > OUTPUTS_MAX:
        raise Stopped(
            f"More than {OUTPUTS_MAX} outputs follow the state of {settings.instance}, too many to "
            "compare with what is decided again: if the state was deleted on purpose, delete the "
            f"records of {', '.join(settings.outputs)} too, as docs/deploy.md describes under "
            "Disaster recovery"
        )
