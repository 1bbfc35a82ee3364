"""Refusals to begin on a partition whose log, offset and state do not belong together.

Apart from application.py because these checks know no quixstreams.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.clients.cluster import Bounds, Cluster
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.clients.session_errors import ended
from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.role_interface import EngineSettings, LogChanged, Place, SessionLost, Stopped

__all__ = [
    "SESSION_ERRORS",
    "Start",
    "explained",
    "find_committed",
    "find_starts",
    "session_lost",
]

logger = logging.getLogger(__name__)

# What ends the session of a running worker, beside what its library raises.
SESSION_ERRORS = (KafkaException, RuntimeError, BrokerError)
COMMITTED_CALL_SECONDS_MAX = 5.0
COMMITTED_SECONDS_MAX = 30.0  # Longer than a dead transaction keeps its offsets uncertain.
# What the operator can do. When state lacks records, setting an offset by hand does not help.
START_OVER = "start over, as docs/deploy.md describes under Disaster recovery"
REBUILD = (
    "stop every risk worker and make the state again with riskgate rebuild, as docs/deploy.md "
    "describes under Disaster recovery"
)
CANNOT_DECIDE = (
    f"risk cannot decide accounts without them, whatever the group's offset: {START_OVER}"
)
READ_ON = (
    "stop every ingest, set the group's offset to the beginning of the log, and have the sender "
    "write the missing records again, as docs/deploy.md describes under Inputs that were lost"
)
RECREATE_TOPIC = (
    "risk would skip new records as repetitions: stop every ingest, delete the topic and create "
    "it again, as docs/deploy.md describes under Inputs that were lost"
)


class Start(NamedTuple):
    """Where to begin in a newly assigned partition."""

    topic: str
    partition: int
    committed: int | None  # By the consumer group; None: nothing yet.
    log: Bounds
    mark: str | None = None  # Of the last record read, as the group's commit says.

    @property
    def offset(self) -> int:
        """The first offset to read, as far as the group knows; always one that the log can have."""
        committed = self.log.low if self.committed is None else self.committed
        return min(max(committed, self.log.low), self.log.high)

    def check_log(self, settings: EngineSettings) -> None:
        """Raise Stopped when the log no longer has what is to be read next, or never had it."""
        if self.committed is None or self.log.low <= self.committed <= self.log.high:
            return
        deleted = self.committed < self.log.low
        raise self._misfit(settings, self.committed, advice=READ_ON if deleted else RECREATE_TOPIC)

    def begin_at(
        self, store: PartitionStore, settings: EngineSettings, *, has_history: bool
    ) -> int:
        """Return the first offset to read: the one that the restored state belongs to.

        State and offset commit together, so a lower offset of the group is a stale one, and a
        higher one means that state was lost. Raise Stopped then, or when the log does not fit.
        """
        applied = store.applied()
        if applied is None and self.committed is None and not has_history:
            self._check_beginning(settings)
            return self.offset
        if applied is None or applied < (self.committed or 0):
            raise self._lost(settings, applied)
        if not store.is_whole():
            raise Stopped(
                f"The changelog {settings.changelog} was recreated or truncated after "
                f"{self.topic}[{self.partition}] began, so it does not hold the whole state; "
                f"empty {settings.state_dir} to read it from the changelog again, and if that does "
                f"not help, {REBUILD}"
            )
        if not self.log.low <= applied <= self.log.high:
            raise self._misfit(settings, applied, advice=CANNOT_DECIDE)
        return applied

    def is_stale(self, position: int) -> bool:
        """Return whether the group's offset is behind the state, and log a warning if it is."""
        if position in {0, self.committed}:
            return False
        logger.warning(
            "The state of %s[%d] belongs to offset %d, but the group is at %s: that offset is "
            "stale or was lost; the worker reads from %d and overwrites the group's offset",
            self.topic,
            self.partition,
            position,
            _said(self.committed),
            position,
        )
        return True

    def is_of(self, topic_id: str, mark: str | None) -> bool:
        """Return whether a mark is of this topic, not of one that had its name before."""
        decoded = Mark.decode(mark)
        return decoded is None or decoded[1] == topic_id

    def of_topic(self, topic_id: str) -> tuple[int, str | None]:
        """Return the first offset to read without a state, and the mark of the record before.

        An offset of another topic that had this name is none: all of this one is new.
        """
        if self.is_of(topic_id, self.mark):
            return self.offset, self.mark
        logger.warning(
            "%s[%d] was recreated after it was last read; reading it from the beginning, %d",
            self.topic,
            self.partition,
            self.log.low,
        )
        return self.log.low, None

    def to_read_again(self, position: int, mark: str | None) -> Mark | None:
        """Return the mark of the last record before a position, if it is known and still kept."""
        decoded = Mark.decode(mark)
        if decoded is None or not self.log.low <= decoded[0].offset < position:
            return None
        return decoded[0]

    def changed(self, offset: int, *, stateful: bool) -> LogChanged:
        """Return the error for a log that holds another record where the last one read was."""
        return LogChanged(
            f"The last record read of {self.topic}[{self.partition}], at {offset}, is another one "
            "now: the brokers lost the end of the log and reused its offsets; "
            f"{CANNOT_DECIDE if stateful else RECREATE_TOPIC}"
        )

    def _lost(self, settings: EngineSettings, applied: int | None) -> Stopped:
        return Stopped(
            f"The state of {self.topic}[{self.partition}] belongs to offset {_said(applied)}, but "
            f"the group {settings.group} is at {_said(self.committed)}: state was lost; empty "
            f"{settings.state_dir} to read it from {settings.changelog} again, "
            f"and if that does not help, {REBUILD}"
        )

    def _misfit(self, settings: EngineSettings, offset: int, *, advice: str) -> LogChanged:
        deleted = offset < self.log.low
        happened = "records were deleted before they were read" if deleted else "it was truncated"
        return LogChanged(
            f"The group {settings.group} is at {offset} of {self.topic}[{self.partition}], "
            f"whose log goes from {self.log.low} to {self.log.high}: {happened}; {advice}"
        )

    def _check_beginning(self, settings: EngineSettings) -> None:
        """Raise Stopped when the accounts would be built from an incomplete log."""
        if self.log.low > 0:
            raise Stopped(
                f"The group {settings.group} has no offset and no state of {self.topic}"
                f"[{self.partition}], whose log no longer begins at 0 but at {self.log.low}: older "
                "openings, halts and limits would be missing; check RISKGATE_GROUP_PREFIX "
                f"and RISKGATE_REPLICA, or {REBUILD}, with --from-snapshots"
            )


def explained(
    error: Exception,
    settings: EngineSettings,
    *,
    ahead: type[Exception],
    library: type[Exception],
) -> BaseException:
    """Return the sentence for what Kafka or its library raised; anything else as it is.

    ahead: what the library raises when a disk knows more than the changelog ever had.
    """
    cause = error.__cause__ or error  # A rebalance wraps what is raised inside it.
    if isinstance(cause, ahead):
        return Stopped(
            f"The state in {settings.state_dir} is ahead of {settings.changelog}, which was "
            f"recreated or truncated; empty {settings.state_dir} to read it from the changelog "
            f"again, and if that does not help, {REBUILD}"
        )
    if not isinstance(cause, (library, *SESSION_ERRORS)):
        return cause
    return session_lost(settings, cause)


def session_lost(settings: EngineSettings, cause: Exception) -> Stopped:
    """Return the error for a session that Kafka or its library ended."""
    reason = cause.args[0] if cause.args else None
    error = reason if isinstance(reason, KafkaError) else getattr(cause, "error", None)
    kind = ended(error) if isinstance(error, KafkaError) else SessionLost
    return kind(
        f"Worker {settings.transactional_id} lost its Kafka session ({cause}). "
        "Nothing was committed after that; a restart resumes from the last commit"
    )


def find_committed(
    consumer: Consumer, partitions: Sequence[TopicPartition], *, cluster: Cluster
) -> list[TopicPartition]:
    """Ask Kafka for the group's offsets; negative ones for none."""

    def ask() -> list[TopicPartition]:
        tps = list(partitions)
        found: list[TopicPartition] = consumer.committed(tps, timeout=COMMITTED_CALL_SECONDS_MAX)
        return found

    return cluster.patiently(ask, seconds_max=COMMITTED_SECONDS_MAX)


def find_starts(
    answers: Iterable[TopicPartition], logs: Mapping[Place, Bounds]
) -> dict[Place, Start]:
    """Return where to begin in each partition, by the group's offsets."""
    starts = {}
    for tp in require_answers(answers):
        place = tp.topic, tp.partition
        committed = tp.offset if tp.offset >= 0 else None
        starts[place] = Start(*place, committed, logs[place], tp.metadata)
    return starts


def _said(offset: int | None) -> str:
    return "none" if offset is None else str(offset)
