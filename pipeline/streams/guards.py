"""Refusals to begin on a partition whose log, offset and state do not belong together.

Apart from application.py because these checks know no quixstreams.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.streams.cluster import Bounds, Cluster
from pipeline.streams.engine import EngineSettings, Place, Stopped

__all__ = [
    "APPLIED",
    "PartitionStore",
    "Start",
    "Transaction",
    "explained",
    "fell_out",
    "find_committed",
    "find_starts",
]

logger = logging.getLogger(__name__)

COMMITTED_CALL_SECONDS_MAX = 5.0
COMMITTED_SECONDS_MAX = 30.0  # Longer than a dead transaction keeps its offsets uncertain.
# The engine's own keys in the store: the partition's next offset, and the id of the changelog that
# has all of it. The latter is written once, so a changelog made anew or cut does not have it.
APPLIED = b"applied"
CHANGELOG = b"changelog"
OURS = b"s|"  # Written before a role's keys: so none of them is one of those.

# What helps: where state lacks records no offset set by hand does.
BEGIN_ANEW = "begin anew, as docs/deploy.md says under Disaster recovery"
DECIDE_ANEW = (
    f"accounts cannot be decided on without them, whatever the group's offset: {BEGIN_ANEW}"
)
READ_ON = (
    "stop every ingest, set the group's offset there to the beginning of the log, and let whoever "
    "wrote what is missing write it again, as docs/deploy.md says under Inputs that were lost"
)
MAKE_ANEW = (
    "what comes now would be taken for repetitions: stop every ingest, delete the topic and make "
    "it again, as docs/deploy.md says under Inputs that were lost"
)


class Transaction(Protocol):
    """The part of quixstreams' store transaction that is used."""

    def get_bytes(self, key: bytes, prefix: bytes) -> bytes | None: ...

    def set_bytes(self, key: bytes, value: bytes, prefix: bytes) -> None: ...

    def delete(self, key: bytes, prefix: bytes) -> None: ...


class PartitionStore:
    """A role's view of one partition's state, in whatever transaction is open.

    What is written waits in a plain dict for the commit: the library asks much more of each key.
    """

    def __init__(
        self,
        transaction: Callable[[], Transaction],
        committed: Callable[[bytes], object],
        *,
        changelog_id: str,
    ) -> None:
        self._transaction = transaction
        self._committed = committed
        self._changelog_id = changelog_id.encode()
        self._written: dict[bytes, bytes | None] = {}  # None: deleted.

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, as written last."""
        if key in self._written:
            return self._written[key]
        found = self._committed(OURS + key)
        return found if isinstance(found, bytes) else None

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self._written[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a key."""
        self._written[key] = None

    def applied(self) -> int | None:
        """Return the offset that this state belongs to; None: it never belonged to one."""
        position = self._transaction().get_bytes(APPLIED, prefix=b"")
        return None if position is None else int(position)

    def set_applied(self, position: int) -> None:
        """Bring what waits into the transaction, and last the offset that it belongs to."""
        transaction = self._transaction()
        for key, value in self._written.items():
            if value is None:
                transaction.delete(OURS + key, prefix=b"")
            else:
                transaction.set_bytes(OURS + key, value, prefix=b"")
        self._written.clear()
        if transaction.get_bytes(CHANGELOG, prefix=b"") is None:
            transaction.set_bytes(CHANGELOG, self._changelog_id, prefix=b"")
        transaction.set_bytes(APPLIED, b"%d" % position, prefix=b"")

    def is_whole(self) -> bool:
        """Return whether the changelog has everything since the first commit."""
        return self._transaction().get_bytes(CHANGELOG, prefix=b"") == self._changelog_id


class Start(NamedTuple):
    """Where to begin in a newly assigned partition."""

    topic: str
    partition: int
    committed: int | None  # By the consumer group; None: nothing yet.
    log: Bounds

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
        raise self._misfit(settings, self.committed, advice=READ_ON if deleted else MAKE_ANEW)

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
                f"The changelog {settings.changelog} was made anew or cut since "
                f"{self.topic}[{self.partition}] began, so it does not have all of the state; "
                f"{BEGIN_ANEW}"
            )
        if not self.log.low <= applied <= self.log.high:
            raise self._misfit(settings, applied, advice=DECIDE_ANEW)
        return applied

    def is_stale(self, position: int) -> bool:
        """Return whether the group's offset is behind what the state has; say so if it is."""
        if position in {0, self.committed}:
            return False
        logger.warning(
            "The state of %s[%d] belongs to offset %d, but the group is at %s: that offset is "
            "stale, or was lost; reading begins at %d, and the group's offset is overwritten",
            self.topic,
            self.partition,
            position,
            _said(self.committed),
            position,
        )
        return True

    def _lost(self, settings: EngineSettings, applied: int | None) -> Stopped:
        return Stopped(
            f"The state of {self.topic}[{self.partition}] belongs to offset {_said(applied)}, but "
            f"the group {settings.group} is at {_said(self.committed)}: state was lost; empty "
            f"{settings.state_dir} to read it from {settings.changelog} again, "
            f"and if that does not help, {BEGIN_ANEW}"
        )

    def _misfit(self, settings: EngineSettings, offset: int, *, advice: str) -> Stopped:
        deleted = offset < self.log.low
        happened = "records were deleted before they were read" if deleted else "it was cut"
        return Stopped(
            f"The group {settings.group} is at {offset} of {self.topic}[{self.partition}], "
            f"whose log goes from {self.log.low} to {self.log.high}: {happened}; {advice}"
        )

    def _check_beginning(self, settings: EngineSettings) -> None:
        """Raise Stopped when the accounts would be built from half a log."""
        if self.log.low > 0:
            raise Stopped(
                f"The group {settings.group} has no offset and no state of {self.topic}"
                f"[{self.partition}], whose log no longer begins at 0 but at {self.log.low}: older "
                "openings, halts and limits would be missing; check RISKGATE_GROUP_PREFIX, or "
                f"{BEGIN_ANEW}"
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
            f"The state in {settings.state_dir} is ahead of {settings.changelog}, which was made "
            f"anew or cut; {BEGIN_ANEW}"
        )
    if not isinstance(cause, (library, KafkaException, RuntimeError)):
        return cause
    return fell_out(settings, cause)


def fell_out(settings: EngineSettings, cause: Exception) -> Stopped:
    """Say that Kafka or its library refused to go on."""
    return Stopped(
        f"Kafka and {settings.transactional_id} fell out ({cause}); "
        "nothing was committed since, and a restart goes on from there"
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
    for tp in answers:
        if tp.error:
            raise KafkaException(tp.error)
        place = tp.topic, tp.partition
        starts[place] = Start(*place, tp.offset if tp.offset >= 0 else None, logs[place])
    return starts


def _said(offset: int | None) -> str:
    return "none" if offset is None else str(offset)
