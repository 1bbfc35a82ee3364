"""A child process that unpacks batches under a limit of memory, and hands their records on.

librdkafka cannot be told what a batch of gzip or lz4 may unpack to, and ends the process that has
no memory for it. Here that ends only the child. Started by guarded.py, which says what is read.
"""

import os
import resource
import struct
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.streams.client_settings import FETCH, MEBIBYTE
from pipeline.streams.clients.consumer_errors import is_partition_end, passes
from pipeline.streams.engine.unreadable import PROBE, is_unreadable

__all__ = ["LENGTH", "TOO_LARGE", "Chunk", "Order", "Row", "Window"]

LENGTH = struct.Struct(">I")  # Before each chunk.
TOO_LARGE = 3  # The exit code for a batch that there was no memory for, or that is refused.
# Beyond what the client takes before it reads: a batch, its largest record again, and a thread.
UNPACKED_BYTES_MAX = 96 * MEBIBYTE
CHUNK_RECORDS = 500
REQUEST_SECONDS_MAX = 10.0
POLL_SECONDS = 0.5
IDLE_CPU_SECONDS = 0.02  # Of a poll: who only waits for a broker needs less.
# Of the processor, without a record: it unpacks for longer than all that it may hold would take.
CPU_SECONDS_MAX = 1.0
LITTLE_FETCH = 65_536
QUICK: dict[str, str | int | bool] = {
    "fetch.max.bytes": LITTLE_FETCH,  # Of gzip no more than 64 MiB, but for one larger batch.
    "fetch.message.max.bytes": LITTLE_FETCH,
    "message.max.bytes": LITTLE_FETCH,  # Else the client raises the first.
    "queued.max.messages.kbytes": 4096,
    "queued.min.messages": 10_000,
}
ONE_BATCH: dict[str, str | int | bool] = {"fetch.max.bytes": 1000, "message.max.bytes": 1000}


class Row(NamedTuple):
    """One record."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_type: int
    timestamp_ms: int
    leader_epoch: int | None


class Window(NamedTuple):
    """What is read of a partition: from its first offset to the one before `end`."""

    topic: str
    partition: int
    first: int
    end: int


class Order(msgspec.Struct, frozen=True):
    """What a child is to do."""

    properties: Mapping[str, str | int | bool]
    windows: list[Window]
    careful: bool  # One batch with each fetch: then the one that ends the child is known.


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """What was read since the last chunk; without a window: nothing, but the child lives."""

    window: int | None = None
    position: int = 0
    rows: list[Row] = []
    ended: bool = False


def main() -> None:
    """Read what standard input says; write the records to standard output."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    amount = ONE_BATCH if order.careful else QUICK
    consumer = Consumer({**order.properties, **PROBE, **FETCH, "check.crcs": True, **amount})
    _connect(consumer)
    _limit_memory()
    _write(Chunk())
    try:
        for number, window in enumerate(order.windows):
            _read(consumer, number, window)
    except MemoryError:
        os._exit(TOO_LARGE)
    sys.stdout.flush()
    os._exit(0)  # Nothing is to be tidied up that could take time.


def _connect(consumer: Consumer) -> None:
    """Ask until a broker answers; who waits for this process gives up in the end.

    From then on the client has a thread per broker.
    """
    while True:
        try:
            consumer.list_topics(timeout=REQUEST_SECONDS_MAX)
        except KafkaException:
            time.sleep(POLL_SECONDS)
        else:
            return


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + UNPACKED_BYTES_MAX
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # To its end, which comes however the parent dies.
    os._exit(0)


def _read(consumer: Consumer, number: int, window: Window) -> None:
    topic, partition, position, end = window
    consumer.assign([TopicPartition(topic, partition, position)])
    ended, busy = False, _Busy()
    while not ended:
        rows: list[Row] = []
        while len(rows) < CHUNK_RECORDS and not ended:
            message = consumer.poll(0 if rows else POLL_SECONDS)
            if message is None:
                break
            if _is_record(message):
                rows.append(_row(message))
                position = rows[-1].offset + 1
                ended = position >= end
            elif _is_end(message):
                position, ended = max(position, message.offset() or 0), True
        if busy.seconds(got_records=bool(rows)) > CPU_SECONDS_MAX:
            os._exit(TOO_LARGE)
        _write(Chunk(number, position, rows, ended))


class _Busy:
    """How long the processor was used without a pause since the last record."""

    def __init__(self) -> None:
        self._seconds, self._seen_s = 0.0, time.process_time()

    def seconds(self, *, got_records: bool) -> float:
        """Return it after one more poll."""
        now_s = time.process_time()
        spent_s, self._seen_s = now_s - self._seen_s, now_s
        # Waiting must not add up: a broker that is away is no batch that is too large.
        rested = got_records or spent_s < IDLE_CPU_SECONDS
        self._seconds = 0.0 if rested else self._seconds + spent_s
        return self._seconds


def _is_record(message: Message) -> bool:
    error = message.error()
    if error is None:
        return True
    no_memory = error.code() == KafkaError._CRIT_SYS_RESOURCE  # noqa: SLF001 - Its only name.
    if is_unreadable(error) or no_memory:
        os._exit(TOO_LARGE)
    if not _is_end(message) and not passes(error):
        sys.stderr.write(f"riskgate: a batch could not be fetched: {error.str()}\n")
        os._exit(1)
    return False


def _is_end(message: Message) -> bool:
    error = message.error()
    return error is not None and is_partition_end(error)


def _row(message: Message) -> Row:
    kind, timestamp_ms = message.timestamp()
    return Row(
        message.offset() or 0,
        message.key(),
        message.value(),
        kind,
        timestamp_ms,
        message.leader_epoch(),
    )


def _write(chunk: Chunk) -> None:
    encoded = msgspec.msgpack.encode(chunk)
    sys.stdout.buffer.write(LENGTH.pack(len(encoded)) + encoded)
    sys.stdout.buffer.flush()


def run() -> None:
    """Read; whatever else goes wrong ends the process with 1.

    The interpreter's own end would abort while a thread waits for standard input, which looks as
    if there had been no memory.
    """
    try:
        main()
    except Exception:  # noqa: BLE001 - It is written, and the process ends.
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    run()
