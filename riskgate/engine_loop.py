"""The engine on Kafka: where it begins, what it writes, and when it commits.

It commits a message after everything that followed from it was delivered. After a crash it reads
some of them again; the venue then tells what was placed (`Venue.find`). Before what it obeys it
reads HISTORY_MS of the log, to know the chains and stops that the engine before it knew.
"""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple, cast

from confluent_kafka import Consumer, Message, TopicPartition

from riskgate.connection import (
    ANSWER_SECONDS_MAX,
    Connection,
    UnavailableError,
    ends,
    sentences,
)
from riskgate.consumer_errors import passes, require_answers
from riskgate.messages import now_ms
from riskgate.unreadable import account_of
from riskgate.writers import Outbox, topic_of
from topics import decisions
from topics.codec import DecodeError, decode_as

if TYPE_CHECKING:
    from riskgate.engine import Engine
    from riskgate.engine_protocol import Log
    from riskgate.venue import Report, Snapshot

__all__ = ["EngineLoop"]

logger = logging.getLogger(__name__)

HISTORY_MS = 600_000
POLL_SECONDS = 0.01
COMMIT_SECONDS = 1.0
SNAPSHOT_SECONDS = 60.0


class _Place(NamedTuple):
    """Where this engine begins in a partition."""

    resume: int  # What comes before was obeyed by the engine before.
    end: int  # What comes before may have been.


class EngineLoop:
    """One run of an engine on Kafka."""

    def __init__(self, engine: "Engine", connection: Connection, group: str) -> None:
        self._engine = engine
        self._connection = connection
        self._group = group
        self._outbox = Outbox(connection)
        self._places: dict[int, _Place] = {}  # By partition.
        self._next: dict[int, int] = {}  # By partition: the offset to read next.
        self._committed: dict[int, int] = {}  # By partition, in this run.
        self._open: dict[tuple[str, str], tuple[int, int]] = {}  # Tickets not placed yet.
        self._reported: set[str] = set()  # Refused accounts that the log has named.
        self._has_failed = False  # Then what was not reported is the next engine's.

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set."""
        with closing(self._connection.consumer(self._group)) as consumer:
            ends(consumer, self._connection, decisions.TOPIC.name)  # Say if it is missing.
            topic = self._connection.topic(decisions.TOPIC.name)
            consumer.subscribe([topic], on_assign=self._assign, on_revoke=self._revoke)
            try:
                self._work(consumer, stopping)
                self._commit(consumer)
            except BaseException:
                self._has_failed = True  # Before it closes: that revokes, and would commit.
                raise

    def _work(self, consumer: Consumer, stopping: threading.Event) -> None:
        committed_s = snapshot_s = time.monotonic()
        while not stopping.is_set():
            self._take(consumer.poll(POLL_SECONDS))
            self._write(self._engine.work(now_ms()))
            now_s = time.monotonic()
            if now_s - committed_s >= COMMIT_SECONDS:
                self._commit(consumer)
                committed_s = now_s
            if now_s - snapshot_s >= SNAPSHOT_SECONDS:
                self._write(self._engine.snapshots(now_ms()))
                snapshot_s = now_s

    def _take(self, message: Message | None) -> None:
        if message is None or not self._is_record(message):
            return
        partition, offset = message.partition() or 0, message.offset() or 0
        try:
            log = decode_as(cast("type[Log]", decisions.TOPIC.message), message.value() or b"")
        except DecodeError as error:
            self._refuse(message, error)
        else:
            self._obey(log, partition, offset)
        self._next[partition] = offset + 1
        self._report_refused()

    def _is_record(self, message: Message) -> bool:
        """Return whether it is no error that passes. Raise UnavailableError for any other."""
        error = message.error()
        if error is not None and not passes(error):
            raise UnavailableError(
                f"Kafka's client cannot read decisions ({error.str()}); see the brokers and the "
                "rights of this client, and start the engine again"
            )
        return error is None

    def _obey(self, log: "Log", partition: int, offset: int) -> None:
        place = self._places[partition]
        if offset < place.resume:
            self._engine.remember(log)
            return
        self._write(self._engine.obey(log, now_ms(), again=offset < place.end))
        for ticket in self._engine.waiting:
            self._open.setdefault((ticket.account_id, ticket.client_id), (partition, offset))

    def _refuse(self, message: Message, error: DecodeError) -> None:
        """Refuse the account of a record that cannot be read: it may be a stop."""
        place = f"{message.topic()}[{message.partition()}] at {message.offset()}"
        account_id = account_of(message)
        if account_id is None:
            logger.error(
                "a record names no account and is none of riskgate's: %s; %s", place, error
            )
            return
        was_done = (message.offset() or 0) < self._places[message.partition() or 0].resume
        self._write(self._engine.refuse(account_id, now_ms(), again=was_done))
        if account_id not in self._reported:
            self._reported.add(account_id)
            logger.critical(
                "account %s is refused: its record %s cannot be read (%s), and it may be a stop; "
                "a person must find out what it says",
                account_id,
                place,
                error,
            )

    def _write(self, messages: "Sequence[Report | Snapshot]") -> None:
        for message in messages:
            self._outbox.send(topic_of(message), message)
        self._outbox.poll()

    def _commit(self, consumer: Consumer) -> None:
        """Commit what was carried out and reported; a ticket that waits is neither."""
        self._outbox.flush()
        waiting = {(ticket.account_id, ticket.client_id) for ticket in self._engine.waiting}
        self._open = {name: place for name, place in self._open.items() if name in waiting}
        offsets = dict(self._next)
        for partition, offset in self._open.values():
            offsets[partition] = min(offsets[partition], offset)
        topic = self._connection.topic(decisions.TOPIC.name)
        places = [
            TopicPartition(topic, partition, offset)
            for partition, offset in offsets.items()
            if offset > self._committed.get(partition, self._places[partition].resume)
        ]
        if places:
            with sentences(self._connection):
                consumer.commit(offsets=places, asynchronous=False)
            self._committed.update({place.partition: place.offset for place in places})

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        with sentences(self._connection):
            committed = consumer.committed(partitions, timeout=ANSWER_SECONDS_MAX)
            begins = consumer.offsets_for_times(
                [
                    TopicPartition(each.topic, each.partition, now_ms() - HISTORY_MS)
                    for each in partitions
                ],
                timeout=ANSWER_SECONDS_MAX,
            )
            require_answers((*committed, *begins))
            for begin, known in zip(begins, committed, strict=True):
                self._places[begin.partition] = _place(consumer, begin, known)
        consumer.assign(begins)

    def _revoke(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        """Hand the partitions over; tickets that wait are the next engine's."""
        try:
            if not self._has_failed:
                self._commit(consumer)
        except UnavailableError as error:
            logger.warning("offsets were not committed, so messages are read again: %s", error)
        self._engine.forget()
        self._places.clear()
        self._next.clear()
        self._committed.clear()
        self._open.clear()

    def _report_refused(self) -> None:
        for account_id in self._engine.refused:
            if account_id not in self._reported:
                self._reported.add(account_id)
                logger.critical(
                    "account %s is refused: one sequence came with two chains, so one history of "
                    "it is wrong; a person must find out which",
                    account_id,
                )


def _place(consumer: Consumer, begin: TopicPartition, committed: TopicPartition) -> _Place:
    """Set where to begin reading, in place, and return where obeying begins."""
    low, high = consumer.get_watermark_offsets(begin, timeout=ANSWER_SECONDS_MAX)
    begin.offset = high if begin.offset < 0 else begin.offset  # Nothing is as new as that.
    if committed.offset >= 0:  # Otherwise nobody of this group has read anything.
        begin.offset = max(low, min(begin.offset, committed.offset))
        return _Place(resume=max(low, committed.offset), end=high)
    return _Place(resume=begin.offset, end=high)
