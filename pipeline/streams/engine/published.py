"""The outputs that are on their topics already, read when a partition is taken over.

What the owner before sent after its last checkpoint is decided again from the log; a role compares
it with what is here and sends only what is missing. Read as it is, committed or not: outputs have
no transaction. Of very many only the newest are read: each writer sends in the order of the log,
so what comes before them is there as well.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.engine.unreadable import is_unreadable
from pipeline.streams.role_interface import EngineSettings, Output, Place, SessionLost

__all__ = ["NO_OUTPUTS", "Outputs", "newest_of", "read_published"]

logger = logging.getLogger(__name__)

OUTPUTS_MAX = 1_000_000  # Of all partitions taken over at once; half a gigabyte at most.
SILENT_SECONDS_MAX = 10.0
BATCH_RECORDS = 1000
POLL_SECONDS = 0.05


class Outputs(NamedTuple):
    """What was read, by partition, those of a topic in their order."""

    outputs: Mapping[int, list[Output]]
    cut: frozenset[str] = frozenset()  # Topics of which only the newest were read.


NO_OUTPUTS = Outputs({})


def read_published(
    settings: EngineSettings, ranges: Mapping[Place, Bounds], *, beat: Callable[[], None]
) -> Outputs:
    """Return the outputs in these ranges, or the newest of them. Raise Stopped if none come."""
    ranges, cut = newest_of(ranges)
    unread = {place: log.high for place, log in ranges.items() if log.low < log.high}
    if not unread:
        return NO_OUTPUTS
    found: dict[int, list[Output]] = {}
    heard_s = time.monotonic()
    with closing(Consumer(settings.second_reader())) as consumer:
        consumer.assign([TopicPartition(*place, ranges[place].low) for place in unread])
        while unread:
            beat()
            for message in poll_all(consumer, BATCH_RECORDS, POLL_SECONDS):
                heard_s = time.monotonic()
                _take(message, unread, found)
            _check(time.monotonic() - heard_s, settings)
    return Outputs(found, cut)


def newest_of(ranges: Mapping[Place, Bounds]) -> tuple[dict[Place, Bounds], frozenset[str]]:
    """Return ranges of OUTPUTS_MAX offsets at most, and the topics of those that became shorter."""
    if sum(log.high - log.low for log in ranges.values()) <= OUTPUTS_MAX:
        return dict(ranges), frozenset()
    share = OUTPUTS_MAX // len(ranges)
    newest = {
        place: log._replace(low=max(log.low, log.high - share)) for place, log in ranges.items()
    }
    return newest, frozenset(place[0] for place in ranges if newest[place] != ranges[place])


def _take(message: Message, unread: dict[Place, int], found: dict[int, list[Output]]) -> None:
    """Keep an output that is in its range."""
    place = message.topic() or "", message.partition() or 0
    error, offset = message.error(), message.offset() or 0
    end = unread.get(place)
    if error is not None:
        if is_unreadable(error):
            logger.error("%s[%d] cannot be read at %d: what follows is sent again", *place, offset)
        elif not is_partition_end(error):
            require_passing(error)
            return
        unread.pop(place, None)
        return
    if end is None:
        return
    if offset + 1 >= end:
        del unread[place]
    if offset >= end:
        return
    found.setdefault(place[1], []).append(Output(place[0], message.key(), message.value()))


def _check(silent_s: float, settings: EngineSettings) -> None:
    if silent_s > SILENT_SECONDS_MAX:
        raise SessionLost(
            f"The outputs of {settings.instance} could not be read within "
            f"{SILENT_SECONDS_MAX:g} s; see the brokers, and start again"
        )
