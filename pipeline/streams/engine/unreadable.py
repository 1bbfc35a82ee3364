"""Batches that no consumer can unpack: found again and again, until a reader goes on behind them.

A few kilobytes of zstd unpack to gigabytes, and the broker lets them in: it looks at the records
without keeping them. librdkafka refuses what unpacks to more than `receive.message.max.bytes`, but
it says only where such a batch begins, and does not go on. A batch is fetched whole from wherever
one asks within it, so a second client finds where it ends by halves.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.streams.client_settings import FETCH, MEBIBYTE
from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.role_interface import Place, Unreadable

__all__ = [
    "PROBE",
    "find_refused",
    "find_unreadable",
    "is_unreadable",
    "search_end",
]

# Measured, one batch on a topic that takes 1 MiB: 160 MB in 7 KB of zstd are refused at once. 900
# MB in 0.9 MB of gzip are unpacked, by 1.7 GB of memory and 8 s, and 200 MB of lz4 as well; under a
# limit of memory librdkafka's own assertions end the process: see guarded.py. A topic whose
# `compression.type` is not `producer` is no way out: the broker then holds all that it unpacks, and
# one with 512 MB of heap answered nobody any more.
PROBE_SECONDS_MAX = 5.0
REQUEST_SECONDS_MAX = 10.0
PROBE: dict[str, str | int | bool] = {
    "allow.auto.create.topics": False,
    "auto.offset.reset": "error",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "fetch.error.backoff.ms": 0,
    "fetch.message.max.bytes": 1,  # One batch, as there is always one.
    "fetch.wait.max.ms": 50,
    "log_level": 0,
    "queued.min.messages": 1,
}
# What unpacks to more is not to be read here, but to be known by where it begins.
LITTLE: dict[str, str | int | bool] = {
    "fetch.max.bytes": 2 * MEBIBYTE,
    "receive.message.max.bytes": 4 * MEBIBYTE,
}
_CODES = {KafkaError._BAD_COMPRESSION, KafkaError._BAD_MSG}  # noqa: SLF001 - Their only names.

Probe = Callable[[int], int | None]  # Where the unreadable batch begins that holds an offset.


def is_unreadable(error: KafkaError) -> bool:
    """Whether an error is about one batch, which will not be better the next time."""
    return error.code() in _CODES


def find_unreadable(
    message: Message, properties: Mapping[str, object], *, beat: Callable[[], None] = lambda: None
) -> Unreadable | None:
    """Find where the batch ends that an error of a consumer is about; None: it can be read.

    Takes up to a few seconds, and minutes with slow brokers: `beat` is called meanwhile. Raise
    KafkaException when no broker says.
    """
    topic, partition, first = message.topic() or "", message.partition() or 0, message.offset() or 0
    place = TopicPartition(topic, partition)
    with closing(Consumer({**properties, **PROBE, **FETCH})) as consumer:
        if _probe(consumer, place, first, beat=beat) != first:
            return None
    found = find_refused((topic, partition), first, properties, beat=beat)
    if found is None:
        return None
    error = message.error()
    reason = "" if error is None else error.str()
    return Unreadable(topic, partition, first, found, reason)


def find_refused(
    where: Place,
    first: int,
    properties: Mapping[str, object],
    *,
    beat: Callable[[], None] = lambda: None,
) -> int | None:
    """Return the first offset behind a batch that the client refuses to unpack; None: it does not.

    Raise KafkaException when no broker says.
    """
    place = TopicPartition(*where)
    with closing(Consumer({**properties, **PROBE, **LITTLE})) as consumer:
        if _probe(consumer, place, first, beat=beat) != first:
            return None
        end = consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS_MAX)[1]
        return search_end(first, end, lambda offset: _probe(consumer, place, offset, beat=beat))


def search_end(first: int, log_end: int, probe: Probe) -> int:
    """Return the first offset behind the unreadable batch that begins at `first`."""
    inside, step = first, 1
    while True:  # Ever further, until something else is there.
        behind = min(first + step, log_end)
        other = probe(behind) if behind < log_end else None
        if other != first:
            break
        inside, step = behind, step * 2
    behind = behind if other is None else min(other, behind)
    while behind - inside > 1:
        middle = (inside + behind) // 2
        other = probe(middle)
        if other == first:
            inside = middle
        else:
            behind = middle if other is None else min(other, middle)
    return behind


def _probe(
    consumer: Consumer, place: TopicPartition, offset: int, *, beat: Callable[[], None]
) -> int | None:
    consumer.assign([TopicPartition(place.topic, place.partition, offset)])
    deadline_s = time.monotonic() + PROBE_SECONDS_MAX
    while time.monotonic() < deadline_s:
        beat()
        message = consumer.poll(0.1)
        if message is None:
            continue
        error = message.error()
        if error is None or is_partition_end(error):
            return None
        if is_unreadable(error):
            return message.offset() or 0
        require_passing(error)
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - Its only name.
