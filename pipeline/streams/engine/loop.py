"""One turn of a worker's loop: read a batch, apply it, commit when nothing more is there.

Apart from application.py because it needs only plain Kafka clients, and a way to commit.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeGuard

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from pipeline.streams.clients.consumer_errors import passes
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.unreadable import find_unreadable, is_unreadable
from pipeline.streams.role_interface import (
    EngineSettings,
    EngineStatus,
    Headers,
    Place,
    Stopped,
    Unreadable,
)

__all__ = ["Clients", "Hooks", "Loop", "Sender", "is_record"]

logger = logging.getLogger(__name__)

CHUNK_RECORDS = 20
IDLE_SECONDS = 0.1
LAG_SECONDS = 1.0
# While the broker still marks the end of a transaction it refuses the next one, which librdkafka
# then tries again only after 20 ms.
MARKERS_SECONDS = 0.003
FULL_QUEUE_SECONDS_MAX = 20.0  # Less than the watchdog waits: this one says why.
FLUSH_SECONDS = 1.0  # Of one call.
LEAVE_SECONDS_MAX = 5.0
# So far behind, nobody waits for the next commit: fewer of them catch up sooner.
BACKLOG_RECORDS = 20_000
BACKLOG_COMMIT_SECONDS = 1.0


class Clients(NamedTuple):
    """What a worker reads and writes with."""

    consumer: Consumer
    producer: Producer
    sees_ends: bool = False  # The consumer says where a log ends.


class Hooks(NamedTuple):
    """What the loop calls on the way."""

    commit: Callable[[], None]
    beat: Callable[[], None]
    is_stopping: Callable[[], bool]


class Sender:
    """Send a role's messages, and remember the first that Kafka refused."""

    producer: Producer  # There when the worker runs.

    def __init__(self, *, transactional: bool) -> None:
        self.refusal: KafkaError | None = None
        # In a transaction a refusal fails the commit by itself.
        self._report = None if transactional else self._note_refusal

    def __call__(  # noqa: PLR0913 - The parts of a Kafka message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send a message; without a partition its key decides, by murmur2 as in Java."""
        place = -1 if partition is None else partition
        produce, report = self.producer.produce, self._report
        for _ in range(int(FULL_QUEUE_SECONDS_MAX / IDLE_SECONDS)):
            try:
                produce(topic, value, key, place, report, headers=headers)
            except BufferError:
                self.producer.poll(IDLE_SECONDS)
            else:
                return
        raise Stopped(f"Kafka took no message for {FULL_QUEUE_SECONDS_MAX:.0f} s; see its brokers")

    def flush(self, seconds_max: float, *, beat: Callable[[], None]) -> None:
        """Wait until all is delivered, or so long."""
        give_up_s = time.monotonic() + seconds_max
        while self.producer.flush(FLUSH_SECONDS) and time.monotonic() < give_up_s:
            beat()

    def raise_refusal(self, instance: str) -> None:
        """Raise Stopped when Kafka refused a message since the start."""
        if self.refusal is not None:
            raise Stopped(
                f"Kafka refused a message of {instance} "
                f"({self.refusal.str()}); neither it nor what followed was committed"
            )

    def _note_refusal(self, error: KafkaError | None, _: Message) -> None:
        self.refusal = self.refusal or error


class Loop:
    """Turn after turn, take the role's progress further."""

    def __init__(
        self,
        clients: Clients,
        settings: EngineSettings,
        *,
        progress: Progress,
        hooks: Hooks,
    ) -> None:
        # Beside ends of partitions `consume` is not safe; see clients/polling.py.
        take = poll_all if clients.sees_ends else _consume
        self._take = partial(take, clients.consumer)
        self._consumer, self._producer = clients.consumer, clients.producer
        self._settings = settings
        self._progress = progress
        self._commit, self._beat, self._is_stopping = hooks
        self._commit_due_s = self._latest_commit_s = self._lag_due_s = 0.0

    def turn(self) -> None:
        """Apply what is there, and commit it when it is due or nothing more is to be awaited."""
        messages = self._read()
        for start in range(0, len(messages), CHUNK_RECORDS):
            if self._is_stopping():
                return  # The rest is read again after the next start.
            self._apply(messages[start : start + CHUNK_RECORDS])
            self._beat()
        if not messages and self._progress.records and self._patience_s() <= 0:
            self._commit()
            if self._settings.commits_when_idle:
                time.sleep(MARKERS_SECONDS)

    def end(self) -> None:
        """Commit what was applied, and leave the group if others are to follow at once."""
        self._commit()
        if not self._settings.leave_at_end:
            return
        # To close is not enough: Kafka's client then lets a static member be waited for.
        self._consumer.unsubscribe()
        give_up_s = time.monotonic() + LEAVE_SECONDS_MAX
        while self._consumer.memberid() and time.monotonic() < give_up_s:
            self._consumer.poll(IDLE_SECONDS)  # The partitions are revoked in here.

    def report(self, status: EngineStatus) -> None:
        """Say that the worker lives, and once a second how far it is behind."""
        now_s = status.last_turn_s = time.monotonic()
        status.beat()
        status.recovering_s = self._progress.recovering_s(now_s)
        if now_s >= self._lag_due_s:
            self._lag_due_s = now_s + LAG_SECONDS
            status.positions = self._progress.positions.copy()
            status.lags = self._lags()

    def _read(self) -> Sequence[Message | Passed | Unreadable]:
        if self._progress.guarded is not None:
            return self._read_guarded(self._progress.guarded)
        generation, many = self._progress.generation, self._settings.batch_records
        messages = self._take(many)
        if not messages and (patience_s := self._patience_s()) > 0:
            first = self._consumer.poll(patience_s)
            messages = [] if first is None else [first, *self._take(many)]
        if generation == self._progress.generation:
            return messages
        # They belong to the assignment before, or to one whose state is not there yet.
        starts = self._progress.starts
        for place in starts.keys() & {(m.topic(), m.partition()) for m in messages}:
            self._consumer.seek(TopicPartition(*place, starts[place].offset))
        return []

    def _read_guarded(self, guarded: GuardedReader) -> list[Passed | Unreadable]:
        """Read by a child, and by the consumer again once everything was read."""
        self._consumer.poll(0)  # All is paused; members of the group come and go in here.
        if self._progress.guarded is not guarded:
            return []
        found = guarded.read(max(0.0, self._patience_s()))
        if guarded.done and not found:
            self._progress.end_guard()
            for place, position in guarded.positions.items():
                self._consumer.seek(TopicPartition(*place, position))
            self._consumer.resume([TopicPartition(*place) for place in guarded.positions])
        return found

    def _patience_s(self) -> float:
        """How long to wait for more before what was applied is committed."""
        if not self._progress.records:
            return IDLE_SECONDS
        if self._settings.commits_when_idle:
            return 0.0
        return min(IDLE_SECONDS, self._commit_due_s - time.monotonic())

    def _apply(self, messages: Sequence[Message | Passed | Unreadable]) -> None:
        if not self._progress.records:
            self._begin(time.monotonic())
        self._progress.apply(filter(self._is_record, messages))
        self._producer.poll(0)
        if self._progress.records and self._is_due(time.monotonic()):
            self._commit()

    def _is_record(self, message: Message | Passed | Unreadable) -> TypeGuard[Message | Passed]:
        if isinstance(message, Unreadable):
            self._step_over(message)
            return False
        if isinstance(message, Passed):
            return True
        error = message.error()
        if error is not None:
            self._hear(message, error)
        return error is None

    def _hear(self, message: Message, error: KafkaError) -> None:
        """Act on what Kafka says of a partition; raise what cannot be stepped over."""
        place = message.topic() or "", message.partition() or 0
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - Its only name.
            self._progress.reach_end(place, message.offset() or 0)
        elif not is_unreadable(error):
            is_record(message)
        elif (message.offset() or 0) >= self._progress.positions[place]:  # Else it comes again.
            self._find(message, place)

    def _find(self, message: Message, place: Place) -> None:
        """Go on behind a batch that cannot be unpacked."""
        if self._progress.records:
            self._commit()  # The search may take longer than a transaction may last.
        batch = find_unreadable(message, self._settings.reader(), beat=self._beat)
        if batch is not None:
            self._step_over(batch)
            self._consumer.seek(TopicPartition(*place, batch.next))

    def _step_over(self, batch: Unreadable) -> None:
        logger.error("%s[%d]: %s", batch.topic, batch.partition, batch.error.error)
        self._progress.step_over(batch)

    def _begin(self, now_s: float) -> None:
        """Fix when what is applied from now on is to be committed."""
        interval_s = self._settings.commit_interval_ms / 1000
        third_s = self._settings.transaction_timeout_ms / 3000
        self._commit_due_s = now_s + interval_s
        self._latest_commit_s = now_s + max(interval_s, min(BACKLOG_COMMIT_SECONDS, third_s))

    def _is_due(self, now_s: float) -> bool:
        """Whether to commit: once the interval is over, later when far behind."""
        if now_s < self._commit_due_s:
            return False
        if self._commit_due_s < self._latest_commit_s and self._is_far_behind():
            self._commit_due_s = self._latest_commit_s
        return now_s >= self._commit_due_s

    def _is_far_behind(self) -> bool:
        return sum(self._lags().values()) > BACKLOG_RECORDS

    def _lags(self) -> dict[Place, int]:
        """How many records each partition is behind; 0 while its end is not known."""
        positions = self._progress.positions
        return {p: max(0, self._known_end(p) - at) for p, at in positions.items()}

    def _known_end(self, place: Place) -> int:
        end: int = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
        return end


def _consume(consumer: Consumer, many: int) -> list[Message]:
    messages: list[Message] = consumer.consume(many, 0)
    return messages


def is_record(message: Message) -> bool:
    """Return whether Kafka delivered a record, not an event; raise what cannot be stepped over."""
    error = message.error()
    if error is None:
        return True
    if not passes(error):
        raise KafkaException(error)
    logger.warning("%s", error.str())
    return False
