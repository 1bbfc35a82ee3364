"""One turn of a worker's loop: read a batch and apply it; between batches take checkpoints further.

Apart from application.py because it needs only plain Kafka clients.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from pipeline.streams.clients.consumer_errors import (
    is_partition_end,
    require_alive,
    require_passing,
)
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.engine.checkpoint import Checkpoints
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.engine.unreadable import find_unreadable, is_unreadable
from pipeline.streams.role_interface import (
    EngineSettings,
    EngineStatus,
    Place,
    Unreadable,
)

__all__ = ["Clients", "Hooks", "Loop", "is_record"]

logger = logging.getLogger(__name__)

CHUNK_RECORDS = 20
IDLE_SECONDS = 0.1
LAG_SECONDS = 1.0
LEAVE_SECONDS_MAX = 5.0
HEAR_SECONDS = 0.5  # After a pause, until the group says that this worker is out of it.


Messages = Sequence[Message | Passed | Unreadable]


class Clients(NamedTuple):
    """What a worker reads and writes with."""

    consumer: Consumer
    sender: Sender
    sees_ends: bool = False  # The consumer says where a log ends.


class Hooks(NamedTuple):
    """What the loop calls on the way."""

    beat: Callable[[], None]
    is_stopping: Callable[[], bool]
    raise_first: Callable[[], None]  # Of what callbacks of a rebalance raised in a poll.


class Loop:
    """Turn after turn, take the role's progress further."""

    def __init__(  # noqa: PLR0913 - The parts of a worker.
        self,
        clients: Clients,
        settings: EngineSettings,
        *,
        progress: Progress,
        checkpoints: Checkpoints,
        hooks: Hooks,
    ) -> None:
        # Beside ends of partitions `consume` is not safe; see clients/polling.py.
        take = poll_all if clients.sees_ends else _consume
        self._take = partial(take, clients.consumer)
        self._consumer, self._sender = clients.consumer, clients.sender
        self._settings = settings
        self._progress = progress
        self._checkpoints = checkpoints
        self._beat, self._is_stopping, self._raise_first = hooks
        self._lag_due_s = 0.0
        self._turned_s = time.monotonic()
        self._rest: Messages = []  # Of a batch that was left in the middle.

    def turn(self) -> None:
        """Apply what is there; go on with what is due beside it."""
        if self._was_paused():
            self._rest = self._await_group(self._rest)
            return  # What the group assigned meanwhile is taken over before it is read.
        messages = self._read()
        if self._settings.ranks:
            messages = self._progress.take_turns(messages, self._settings.ranks)
        is_behind = len(messages) >= self._settings.batch_records  # The log has more: far behind.
        for start in range(0, len(messages), CHUNK_RECORDS):
            if self._is_stopping():
                return  # The rest is read again after the next start.
            if self._was_paused():
                self._rest = self._await_group(messages[start:])
                return
            self._apply(messages[start : start + CHUNK_RECORDS], is_behind=is_behind)
            self._between()
            self._beat()
        self._sender.release()
        if not messages:
            self._between()

    def end(self) -> None:
        """Commit what was applied, and leave the group if others are to follow at once."""
        if not self._save_all() or not self._settings.leave_at_end:
            return  # Brokers that take no commit in time do not hear of a member that leaves.
        # To close is not enough: Kafka's client then lets a static member be waited for.
        self._consumer.unsubscribe()
        give_up_s = time.monotonic() + LEAVE_SECONDS_MAX
        while self._consumer.memberid() and time.monotonic() < give_up_s:
            self._serve_group(IDLE_SECONDS)  # The partitions are revoked in here.

    def report(self, status: EngineStatus) -> None:
        """Say that the worker lives, and once a second how far it is behind."""
        status.show_life()
        now_s = status.last_turn_s
        status.recovering_s = self._progress.recovering_s(now_s)
        if now_s >= self._lag_due_s:
            self._lag_due_s = now_s + LAG_SECONDS
            status.positions = self._progress.positions.copy()
            status.lags = self._lags()

    def resume(self) -> None:
        """Go on after work that took long and was no pause: state was restored."""
        self._turned_s = time.monotonic()

    def _was_paused(self) -> bool:
        """Return whether this process stood still for so long that it may be out of its group."""
        before_s, self._turned_s = self._turned_s, time.monotonic()
        return self._turned_s - before_s > self._settings.session_timeout_ms / 2000

    def _await_group(self, messages: Messages) -> Messages:
        """Wait for the group to say whether messages are still this worker's; return them if so.

        Else a worker that was frozen goes on deciding what another has decided meanwhile.
        """
        if self._progress.guarded is not None:
            return messages  # They came through a child, and are read by nobody else.
        generation, waiting = self._progress.generation, list(messages)
        until_s = time.monotonic() + HEAR_SECONDS
        while (left_s := until_s - time.monotonic()) > 0:
            message = self._consumer.poll(left_s)
            if message is not None:
                waiting.append(message)
        self.resume()
        return self._still_owned(waiting, generation)

    def _read(self) -> Messages:
        if self._progress.guarded is not None and not self._rest:
            return self._read_guarded(self._progress.guarded)
        generation, many = self._progress.generation, self._settings.batch_records
        rest, self._rest = self._rest, []
        messages = [*rest, *self._take(many)]
        if not messages and (patience_s := self._patience_s()) > 0:
            first = self._consumer.poll(patience_s)
            messages = [] if first is None else [first, *self._take(many)]
        return self._still_owned(messages, generation)

    def _still_owned(self, messages: Messages, generation: int) -> Messages:
        """Return messages unless they belong to the assignment before.

        Or to one whose state is not there yet: those are read again once it is. Raise
        KafkaException when the consumer reads no more, and what a rebalance raised meanwhile.
        """
        self._raise_first()
        if generation == self._progress.generation:
            return messages
        require_alive(message for message in messages if not isinstance(message, Unreadable))
        starts = self._progress.starts
        for place in starts.keys() & {_place(message) for message in messages}:
            self._consumer.seek(TopicPartition(*place, starts[place].offset))
        return []

    def _read_guarded(self, guarded: GuardedReader) -> Messages:
        """Read by a child, and by the consumer again once everything was read."""
        self._serve_group(0.0)  # All is paused; members of the group come and go in here.
        if self._progress.guarded is not guarded:
            return []
        found = guarded.read(max(0.0, self._patience_s()))
        if guarded.done and not found:
            self._progress.end_guard()
            for place, position in guarded.positions.items():
                self._consumer.seek(TopicPartition(*place, position))
            self._consumer.resume([TopicPartition(*place) for place in guarded.positions])
        return found

    def _serve_group(self, seconds: float) -> None:
        """Let Kafka's client call back; what it delivers is read again later, or by others."""
        message = self._consumer.poll(seconds)
        self._raise_first()
        require_alive([] if message is None else [message])

    def _patience_s(self) -> float:
        """How long to wait for more before something else is to be done."""
        return self._checkpoints.patience_s(IDLE_SECONDS)

    def _apply(self, chunk: Messages, *, is_behind: bool) -> None:
        """Apply a chunk; what comes of it goes out together, or with all of a full batch.

        Whoever is a thousand records late waits for no single one of them.
        """
        if len(chunk) > 1:  # One that comes alone is answered at once.
            self._sender.hold()
        self._progress.apply(self._records(chunk))
        if not is_behind:
            self._sender.release()

    def _between(self) -> None:
        """Do what waits for no record: send what is due by time, hear of deliveries, save."""
        self._progress.publish()
        self._sender.producer.poll(0)
        self._checkpoints.turn()

    def _save_all(self) -> bool:
        """Commit everything applied; what cannot be committed in time is applied again later."""
        return self._checkpoints.save_all(self._settings.call_seconds_max, beat=self._beat)

    def _records(self, chunk: Messages) -> Iterator[Message | Passed]:
        """Yield the records; act on what else there is when its turn comes, not before."""
        for message in chunk:
            if isinstance(message, Unreadable):
                self._step_over(message)
            elif (error := message.error()) is None:
                yield message
            elif not isinstance(message, Passed):  # That has no error.
                self._hear(message, error)

    def _hear(self, message: Message, error: KafkaError) -> None:
        """Act on what Kafka says of a partition; raise what cannot be stepped over."""
        place = message.topic() or "", message.partition() or 0
        if is_partition_end(error):
            self._progress.reach_end(place, message.offset() or 0)
        elif not is_unreadable(error):
            is_record(message)
        elif (message.offset() or 0) >= self._progress.positions[place]:  # Else it comes again.
            self._find(message, place)

    def _find(self, message: Message, place: Place) -> None:
        """Go on behind a batch that cannot be unpacked."""
        self._save_all()  # The search may take longer than a transaction may last.
        batch = find_unreadable(message, self._settings.reader(), beat=self._beat)
        if batch is not None:
            self._step_over(batch)
            self._consumer.seek(TopicPartition(*place, batch.next))

    def _step_over(self, batch: Unreadable) -> None:
        logger.error("%s[%d]: %s", batch.topic, batch.partition, batch.error.error)
        self._progress.step_over(batch)

    def _lags(self) -> dict[Place, int]:
        """How many records each partition is behind; 0 while its end is not known."""
        positions = self._progress.positions
        return {p: max(0, self._known_end(p) - at) for p, at in positions.items()}

    def _known_end(self, place: Place) -> int:
        end: int = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
        return end


def _place(message: Message | Passed | Unreadable) -> Place:
    if isinstance(message, Unreadable):
        return message.topic, message.partition
    return message.topic() or "", message.partition() or 0


def _consume(consumer: Consumer, many: int) -> list[Message]:
    messages: list[Message] = consumer.consume(many, 0)
    return messages


def is_record(message: Message) -> bool:
    """Return whether Kafka delivered a record, not an event; raise what cannot be stepped over."""
    error = message.error()
    if error is None:
        return True
    require_passing(error)
    logger.warning("%s", error.str())
    return False
