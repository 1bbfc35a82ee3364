"""Copies of the state of others, kept up to date from the changelog while this worker decides.

A partition that comes to this worker is restored from where its copy ends. A copy has committed
records only, each batch with its offset; a takeover checks it as any state on this disk.

Apart from application.py because it needs of quixstreams only what opens a store. A thread does
the work and rests most of the time, since the thread that decides must not wait for it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Protocol

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from pipeline.streams.client_settings import ClientSetting
from pipeline.streams.clients.consumer_errors import is_partition_end, passes
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.engine.heirs import copied
from pipeline.streams.engine.partition_store import CHANGELOG
from pipeline.streams.observer import EngineStatus
from pipeline.streams.role_interface import EngineSettings, Stopped

__all__ = ["Copy", "Standby"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 100  # About a third of a millisecond of work.
WORK_RATIO = 0.1  # Of one core, at most.
POLL_SECONDS = 0.2
LAG_SECONDS = 1.0
ANSWER_SECONDS_MAX = 5.0
AGAIN_SECONDS = 30.0  # After a failure.
RELEASE_SECONDS_MAX = 10.0
WAIT_SECONDS = 0.05
# What waits in memory is little, and the broker is asked seldom.
FRUGAL: dict[str, ClientSetting] = {
    "isolation.level": "read_committed",
    "fetch.max.bytes": 1_048_576,
    "max.partition.fetch.bytes": 262_144,
    "fetch.queue.backoff.ms": 100,
    "fetch.wait.max.ms": 500,
    "queued.max.messages.kbytes": 2048,
}


class Copy(Protocol):
    """quixstreams' store of one partition, on this machine's disk."""

    def read(self, key: bytes) -> object: ...

    def get_changelog_offset(self) -> int | None: ...

    def write_changes(
        self, changes: Mapping[bytes, bytes | None], *, changelog_offset: int | None
    ) -> None: ...

    def close(self) -> None: ...


OpenCopy = Callable[[int, int], Copy]  # Of a partition; the changelog's first offset.


class Topics(Protocol):
    """What is asked of the brokers."""

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]: ...


class _Unfit(Exception):  # noqa: N818 - It names what happened.
    """A partition whose copy does not fit the changelog; a takeover says the same more fully."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"The copy of partition {number} {reason}; it is not kept up to date")
        self.number = number


class Standby:
    """Keep copies between two rebalances; all calls are the engine's thread's."""

    open_copy: OpenCopy  # Of a role that has any state.

    def __init__(self, settings: EngineSettings, status: EngineStatus) -> None:
        self._settings, self._status = settings, status
        self._round: _Round | None = None

    def follow(self, owned: Iterable[int], cluster: Topics) -> None:
        """Keep copies of what may come here next, while these partitions are owned."""
        settings = self._settings
        partitions = settings.partitions[settings.topics[0]] or 0
        wanted = copied(settings.standby, owned, partitions)
        assert self._round is None, "copies are let go before others are taken up"
        if wanted:
            changelog_id = cluster.topic_ids([settings.changelog])[settings.changelog]
            self._round = _Round(settings, self._status, self.open_copy)
            self._round.begin(wanted, changelog_id)

    def let_go(self) -> None:
        """Ask for all copies to be closed; returns at once."""
        if self._round is not None:
            self._round.stop.set()

    def await_gone(self, *, beat: Callable[[], None]) -> None:
        """Wait until all copies are closed. Raise Stopped when that takes too long."""
        self.let_go()
        round_, self._round = self._round, None
        give_up_s = time.monotonic() + RELEASE_SECONDS_MAX
        while round_ is not None and not round_.closed.wait(WAIT_SECONDS):
            beat()
            if time.monotonic() > give_up_s:
                raise Stopped(
                    f"The copies of other partitions were not closed within "
                    f"{RELEASE_SECONDS_MAX:g} s, so partitions cannot be taken over; see the disk"
                )


class _Round:
    """The copies between two rebalances, and the thread that has them open."""

    def __init__(self, settings: EngineSettings, status: EngineStatus, open_copy: OpenCopy) -> None:
        self.stop, self.closed = threading.Event(), threading.Event()
        self._settings, self._status = settings, status
        self._open_copy = open_copy
        self._copies: dict[int, Copy] = {}
        self._next: dict[int, int] = {}  # The offset behind the last record written, or the end.
        self._shown_s = 0.0

    def begin(self, numbers: list[int], changelog_id: str) -> None:
        """Start the thread."""
        arguments = numbers, changelog_id
        threading.Thread(target=self._run, args=arguments, name="standby", daemon=True).start()

    def _run(self, numbers: list[int], changelog_id: str) -> None:
        fit = set(numbers)
        while fit and not self.stop.is_set():
            try:
                self._keep(fit, changelog_id)
            except _Unfit as unfit:
                logger.warning("%s", unfit)
                fit.discard(unfit.number)
            except Exception:
                # Copies only save time: their trouble must not end who decides.
                logger.exception("Copies of other partitions stand still; they go on later")
                self.stop.wait(AGAIN_SECONDS)
        self.closed.set()

    def _keep(self, numbers: Iterable[int], changelog_id: str) -> None:
        """Keep copies until told to stop, and close them whatever happens."""
        with closing(Consumer(self._settings.second_reader() | FRUGAL)) as consumer:
            try:
                starts = []
                for number in sorted(numbers):
                    if self.stop.is_set():
                        return
                    starts.append(self._open(consumer, number, changelog_id))
                consumer.assign(starts)
                while not self.stop.is_set():
                    self._turn(consumer)
            finally:
                self._close()
                if self.stop.is_set():
                    self.closed.set()  # The consumer may take its time.

    def _open(self, consumer: Consumer, number: int, changelog_id: str) -> TopicPartition:
        """Open a copy; return where its changelog is to be read. Raise _Unfit."""
        place = TopicPartition(self._settings.changelog, number)
        low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
        copy = self._copies[number] = self._open_copy(number, low)
        at = copy.get_changelog_offset()
        if copy.read(CHANGELOG) not in {None, changelog_id.encode()}:
            raise _Unfit(number, "is of another changelog")
        if at is not None and at >= high:
            raise _Unfit(number, "is ahead of its changelog")
        place.offset = self._next[number] = max(low, at or 0)
        return place

    def _close(self) -> None:
        self._status.copies = {}
        while self._copies:
            _, copy = self._copies.popitem()
            copy.close()

    def _turn(self, consumer: Consumer) -> None:
        """Write what came, then rest for so long that little of a core is taken."""
        messages = poll_all(consumer, BATCH_RECORDS, POLL_SECONDS)
        began_s = time.monotonic()
        for number, records in self._by_partition(messages).items():
            changes = {key: record.value() for record in records if (key := record.key())}
            last = records[-1].offset() or 0
            self._copies[number].write_changes(changes, changelog_offset=last)
            self._next[number] = last + 1
        if began_s > self._shown_s + LAG_SECONDS:
            self._shown_s = began_s
            self._show(consumer)
        self.stop.wait((time.monotonic() - began_s) * (1 / WORK_RATIO - 1))

    def _by_partition(self, messages: Iterable[Message]) -> dict[int, list[Message]]:
        records: dict[int, list[Message]] = {}
        for message in messages:
            number, error = message.partition() or 0, message.error()
            if error is None:
                records.setdefault(number, []).append(message)
            elif is_partition_end(error):
                self._next[number] = message.offset() or 0  # Behind the marker of a transaction.
            elif not passes(error):
                if number in self._copies:
                    raise _Unfit(number, f"cannot be read on ({error.str()})")
                raise KafkaException(error)
        return records

    def _show(self, consumer: Consumer) -> None:
        """Say how many records each copy is behind."""
        lags = {}
        for number, position in self._next.items():
            place = TopicPartition(self._settings.changelog, number)
            _, high = consumer.get_watermark_offsets(place, cached=True)
            lags[number] = max(0, high - position)
        self._status.copies = lags
