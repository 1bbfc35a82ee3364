"""Logs read by a child under a limit of memory, after a process ended without a word.

A megabyte of gzip or lz4 may unpack to a gigabyte, which ends the process that fetches it, and
again after each start. So what was in the log when such a process starts again is read by a child:
a batch that ends the child is set aside.
"""

import logging
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing

import msgspec
from confluent_kafka import Consumer, KafkaError, TopicPartition

from pipeline.streams.client_settings import ClientSetting
from pipeline.streams.engine.guarded_child import LENGTH, TOO_LARGE, Chunk, Order, Row, Window
from pipeline.streams.engine.unreadable import PROBE, find_refused, search_end
from pipeline.streams.role_interface import Place, SessionLost, Stopped, Unreadable

__all__ = ["GuardedReader", "Passed"]

logger = logging.getLogger(__name__)

SILENCE_SECONDS_MAX = 60.0
FETCH_SECONDS_MAX = 10.0
PIPE_BYTES = 1_048_576
# An abort of librdkafka's own, and what comes of memory that it did not ask for again.
OF_MEMORY = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, TOO_LARGE}
REASON = "it takes more memory than a batch may"
# The client refuses a larger answer before it unpacks anything, and says how large it is. What
# is smaller unpacks to 16 MiB at most.
REFUSING: dict[str, ClientSetting] = {
    "fetch.max.bytes": 1000,
    "message.max.bytes": 1000,
    "receive.message.max.bytes": 16_384,
    "reconnect.backoff.ms": 0,
}
SIZE = re.compile(r"Invalid response size (\d+)")


class Passed:
    """A record that a child read, as the client itself would hand it over."""

    def __init__(self, place: Place, row: Row) -> None:
        self._place, self._row = place, row

    def topic(self) -> str:
        """Return its topic."""
        return self._place[0]

    def partition(self) -> int:
        """Return its partition."""
        return self._place[1]

    def offset(self) -> int:
        """Return its offset."""
        return self._row.offset

    def key(self) -> bytes | None:
        """Return its key."""
        return self._row.key

    def value(self) -> bytes | None:
        """Return its value."""
        return self._row.value

    def timestamp(self) -> tuple[int, int]:
        """Return what its time is, and the time."""
        return self._row.timestamp_type, self._row.timestamp_ms

    def leader_epoch(self) -> int | None:
        """Return the epoch of the leader that appended it."""
        return self._row.leader_epoch

    def error(self) -> KafkaError | None:
        """Return None."""
        return None


class GuardedReader:
    """Read windows of partitions, one after the other; `positions` says how far each came.

    command: what starts guarded_child.py.
    """

    def __init__(
        self,
        command: Sequence[str],
        properties: Mapping[str, ClientSetting],
        windows: Mapping[Place, tuple[int, int]],
    ) -> None:
        self.positions = {place: first for place, (first, _) in windows.items()}
        self._command, self._properties = command, properties
        self._ends = {place: end for place, (first, end) in windows.items() if first < end}
        self._careful = False
        self._child: subprocess.Popen[bytes] | None = None
        self._places: list[Place] = []  # Of the child's windows.
        self._began: dict[Place, int] = {}
        self._buffer = bytearray()
        self._heard_s = 0.0
        self._ready = False

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return not self._ends

    @property
    def windows(self) -> dict[Place, tuple[int, int]]:
        """What is still to be read."""
        return {place: (self.positions[place], end) for place, end in self._ends.items()}

    def read(self, wait_seconds: float) -> list[Passed | Unreadable]:
        """Return what came meanwhile, in order. Raise Stopped when the child is of no use."""
        if self.done:
            return []
        if self._child is None:
            self._start()
        assert self._child is not None
        assert self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        if not select.select([pipe], [], [], wait_seconds)[0]:
            self._check_silence()
            return []
        self._heard_s = time.monotonic()
        read = os.read(pipe, PIPE_BYTES)
        if not read:
            return self._end_of_child(self._child)
        self._buffer += read
        return self._records()

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            assert child.stdin is not None
            assert child.stdout is not None
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()

    def _start(self) -> None:
        self._places = list(self._ends)
        self._began = {place: self.positions[place] for place in self._places}
        windows = [Window(*place, self._began[place], self._ends[place]) for place in self._places]
        order = Order(self._properties, windows, self._careful)
        self._buffer.clear()
        self._ready, self._heard_s = False, time.monotonic()
        self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Else each of its threads may reserve 64 MiB, which would count.
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},
        )
        assert self._child.stdin is not None
        self._child.stdin.write(msgspec.json.encode(order) + b"\n")
        self._child.stdin.flush()

    def _records(self) -> list[Passed | Unreadable]:
        found: list[Passed | Unreadable] = []
        while len(self._buffer) >= LENGTH.size:
            behind = LENGTH.size + LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < behind:
                break
            chunk = msgspec.msgpack.decode(self._buffer[LENGTH.size : behind], type=Chunk)
            del self._buffer[:behind]
            self._ready = True
            if chunk.window is None:
                continue
            place = self._places[chunk.window]
            self.positions[place] = chunk.position
            found += [Passed(place, row) for row in chunk.rows]
            if chunk.ended:
                del self._ends[place]
        return found

    def _check_silence(self) -> None:
        if time.monotonic() - self._heard_s > SILENCE_SECONDS_MAX:
            self.close()
            raise SessionLost(
                f"A child that reads under a limit of memory said nothing for "
                f"{SILENCE_SECONDS_MAX:g} s; see the brokers"
            )

    def _end_of_child(self, child: subprocess.Popen[bytes]) -> list[Passed | Unreadable]:
        code = child.wait()
        self.close()
        if self.done:
            return []
        if code not in OF_MEMORY or not self._ready:
            raise Stopped(f"A child that reads under a limit of memory ended with {code}")
        place = next(iter(self._ends))
        first = self.positions[place]
        # With one batch in each fetch, nothing else can have ended it: but for what follows the
        # end of a window before, which the client fetches ahead.
        is_first = place == self._places[0]
        found = self._careful and is_first and first == self._began[place]
        self._careful = not found
        return [self._set_aside(place, first)] if found else []

    def _set_aside(self, place: Place, first: int) -> Unreadable:
        behind = _find_end(place, first, self._properties)
        self.positions[place] = behind
        if behind >= self._ends[place]:
            del self._ends[place]
        return Unreadable(*place, first, behind, REASON)


def _find_end(place: Place, first: int, properties: Mapping[str, ClientSetting]) -> int:
    """Return the first offset behind a batch, by the size of the answer that holds it."""
    size = _refused_size(place, first, properties)
    if size is None:  # A few KB of zstd, which the client refuses by itself.
        behind = find_refused(place, first, properties)
        if behind is None:  # Then nothing is set aside: it was not the batch.
            raise Stopped(
                f"A child ended at {place[0]}[{place[1]}], {first}, which holds nothing large; "
                "see the memory of this machine, and start again"
            )
        return behind
    with closing(Consumer({**properties, **PROBE})) as consumer:
        log_end = consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1]
    return search_end(
        first,
        log_end,
        lambda offset: first if _refused_size(place, offset, properties) == size else None,
    )


def _refused_size(place: Place, offset: int, properties: Mapping[str, ClientSetting]) -> int | None:
    """Return how large the answer with the batch at an offset is, in bytes; None: 16 KiB at most.

    Raise Stopped when no broker answers.
    """
    sizes: list[int] = []

    def note(error: KafkaError) -> None:
        sizes.extend(map(int, SIZE.findall(error.str())))

    # Each with a client of its own: one waits before it connects again.
    wanted = {**properties, **PROBE, **REFUSING, "error_cb": note}
    with closing(Consumer(wanted)) as consumer:
        consumer.assign([TopicPartition(*place, offset)])
        give_up_s = time.monotonic() + FETCH_SECONDS_MAX
        while time.monotonic() < give_up_s:
            message = consumer.poll(0.05)
            if sizes:
                return sizes[0]
            if message is not None:
                return None
    raise SessionLost(f"{place[0]}[{place[1]}] could not be read at {offset}; see the brokers")
