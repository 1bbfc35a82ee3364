"""What the roles of the shell and the engine that runs them say to each other.

Apart from application.py so that a role, its tests and the command line import no quixstreams.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.errors import StartupError
from topics.codec import DecodeError

__all__ = [
    "FETCH",
    "MEBIBYTE",
    "STORE",
    "TABLES_GROUP",
    "ClientSetting",
    "EngineSettings",
    "EngineStatus",
    "Headers",
    "LogChanged",
    "Observer",
    "Partition",
    "Place",
    "Produce",
    "Record",
    "Role",
    "StartupError",
    "Stopped",
    "Store",
    "Unreadable",
    "changelog_name",
]

Place = tuple[str, int]  # Topic and partition.
Headers = Sequence[tuple[str, bytes]]
ClientSetting = str | int | bool
STORE = "accounts"
TABLES_GROUP = "tables"  # Nobody joins it or commits; librdkafka asks who coordinates it.
MEBIBYTE = 1_048_576

# What one answer of a broker may hold, and what one batch of zstd in it may unpack to.
FETCH: dict[str, ClientSetting] = {
    "fetch.max.bytes": 8 * MEBIBYTE,
    "receive.message.max.bytes": 32 * MEBIBYTE,
}
CONSUMER: dict[str, ClientSetting] = {
    **FETCH,
    "allow.auto.create.topics": False,
    "check.crcs": True,
    "fetch.queue.backoff.ms": 1,
    "fetch.wait.max.ms": 50,
    "isolation.level": "read_committed",
    "queued.max.messages.kbytes": 16_384,
    # An input that gets more partitions is read whole soon, not after five minutes.
    "topic.metadata.refresh.interval.ms": 10_000,
}
PRODUCER: dict[str, ClientSetting] = {
    "compression.type": "lz4",
    # Fewer, fuller requests. Nobody waits for it: a commit flushes, and without one nothing counts.
    "linger.ms": 20,
    "message.max.bytes": 8 * MEBIBYTE,
}
# A transaction is whole or absent. Without one, only this keeps later messages from going out
# after one was refused.
WITHOUT_GAPS: dict[str, ClientSetting] = {
    "delivery.report.only.error": True,
    "enable.gapless.guarantee": True,
    "linger.ms": 1,  # An event is acted on as soon as it is there, not at a commit.
    "message.timeout.ms": 0,
}


class Stopped(Exception):  # noqa: N818 - It is what happened, not what is wrong.
    """Say in one sentence why a running worker must not go on; nothing more was committed."""


class LogChanged(Stopped):
    """Say so because a log does not have what was read from it."""


class Record(NamedTuple):
    """One message as Kafka handed it over."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    timestamp_is_append_time: bool  # Else the producer's own clock.


class Partition(NamedTuple):
    """An input partition that this worker owns."""

    topic: str
    partition: int
    topic_id: str  # Kafka's own, read at this assignment: changes when the topic is recreated.


class Store(Protocol):
    """The keyed state of one partition: written and committed with the outputs, or not at all.

    A read sees what was written since the last commit.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""

    def delete(self, key: bytes) -> None:
        """Forget a key, known or not."""


class Produce(Protocol):
    """Send a message with the engine's producer, inside its transaction if it has one."""

    def __call__(  # noqa: PLR0913 - Kafka's own parts of a message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Without a partition the key decides, by murmur2 as in Java."""


class Unreadable(NamedTuple):
    """The offsets of a batch that cannot be unpacked."""

    topic: str
    partition: int
    first: int
    next: int  # Behind its last.
    reason: str

    def record(self, *, at_ms: int = 0) -> Record:
        """Stand for the batch as one record, of which nothing more is known."""
        return Record(
            topic=self.topic,
            partition=self.partition,
            offset=self.first,
            key=None,
            value=None,
            timestamp_ms=at_ms,
            timestamp_is_append_time=True,
        )

    @property
    def error(self) -> DecodeError:
        """What a dead letter says of it."""
        return DecodeError(
            f"Offsets {self.first} to {self.next - 1} cannot be unpacked ({self.reason})"
        )


class Role(Protocol):
    """What a worker does with its records. Everything is called from the engine's one thread."""

    def assign(self, partition: Partition, store: Store | None) -> None:
        """Begin with a partition whose state is recovered and verified; None: it has no state."""

    def revoke(self, partition: Partition) -> None:
        """Forget everything about a partition: it was committed before, or lost."""

    def apply(self, record: Record) -> None:
        """Produce, read and write. What raises ends the worker, uncommitted."""

    def step_over(self, batch: Unreadable) -> None:
        """Set aside a batch of records that cannot be unpacked."""

    def prepare(self) -> None:
        """Write what is still held in memory; the commit follows."""


class Observer:
    """What happens in the engine, for metrics; called from the engine's thread."""

    def committed(self, seconds: float, records: int) -> None:
        """Record a commit of so many records and how long it took, preparation included."""

    def dropped(self, records: int) -> None:
        """Record a checkpoint thrown away because its partitions were lost."""

    def recovered(self, seconds: float) -> None:
        """Record how long a recovery from the changelog took."""

    def overwritten(self, partitions: int) -> None:
        """Record that the group's offset of so many partitions was older than their state."""

    def rebalanced(self) -> None:
        """Record a new assignment."""


def changelog_name(group: str, stream: str) -> str:
    """Return the topic behind the state that a group keeps of a stream, as quixstreams names it."""
    return f"changelog__{group}--{stream}--{STORE}"


def _nothing() -> None:
    pass


@dataclass(slots=True)
class EngineStatus:
    """How the engine is doing: written by its thread, read by any other."""

    beat: Callable[[], None] = _nothing  # Called by the engine's thread, whenever it lives.
    ready: bool = False  # Owns partitions, and all of them are recovered and verified.
    idle_member: bool = False  # A member of the group for whom no partition was left.
    last_turn_s: float = 0.0  # time.monotonic() of the loop's last turn.
    assigned: tuple[Partition, ...] = ()
    positions: Mapping[Place, int] = field(default_factory=dict)  # Next to be read.
    lags: Mapping[Place, int] = field(default_factory=dict)  # Records, once a second.
    recovering_s: float = 0.0  # Since partitions were assigned whose state is not there yet.


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """How one worker reaches Kafka and who it is there."""

    brokers: str
    group: str
    instance: str  # The same after every restart, never shared by two living workers.
    topics: tuple[str, ...]  # What is read. Risk: events alone.
    partitions: Mapping[str, int | None]  # Topics that must exist; their partitions, if fixed.
    state_dir: Path = Path("state")
    security: Mapping[str, str] = field(default_factory=dict)  # As librdkafka names them.
    commit_interval_ms: int = 100
    # A transaction shows nothing before its end. What goes out by itself need not be committed at
    # once, and what comes meanwhile would wait for the commit.
    commits_when_idle: bool = True
    batch_records: int = 1000
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 10_000
    poll_interval_ms_max: int = 45_000
    # A member keeps its name: one that was killed returns at once, where a stranger would wait for
    # the end of the dead one's session. Told to end, it leaves, so that others follow at once.
    leave_at_end: bool = True
    clock_ahead_ms_max: int = 60_000  # Of an append time, seen from the worker's clock.
    startup_seconds_max: float = 10.0
    # Starts engine/guarded_child.py; empty: nothing is read under a limit of memory.
    stop_levels: tuple[str, ...] = ()

    @property
    def transactional_id(self) -> str:
        """What fences an earlier life of this worker."""
        return f"{self.group}-{self.instance}"

    @property
    def call_seconds_max(self) -> float:
        """How long one call of Kafka's client may take: the brokers end the transaction soon."""
        return 0.9 * self.transaction_timeout_ms / 1000

    @property
    def changelog(self) -> str:
        """The topic behind the state of risk."""
        return changelog_name(self.group, self.topics[0])

    def reader(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings of a consumer that joins no group, beside the worker's."""
        return {**self.security, "bootstrap.servers": self.brokers, "group.id": self.group}

    def consumer(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings of the consumer."""
        return CONSUMER | {
            **self.security,
            "group.instance.id": self.instance,
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": self.session_timeout_ms // 5,
            "max.poll.interval.ms": self.poll_interval_ms_max,
        }

    def second_reader(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings of a consumer that reads at given offsets once more."""
        return CONSUMER | {
            **self.reader(),
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
            "log_level": 0,  # Its errors come with the messages.
        }

    def producer(self, *, transactional: bool) -> dict[str, ClientSetting]:
        """Return librdkafka's settings of the producer."""
        if not transactional:
            return PRODUCER | WITHOUT_GAPS | {**self.security}
        return PRODUCER | {
            **self.security,
            "transactional.id": self.transactional_id,
            "transaction.timeout.ms": self.transaction_timeout_ms,
        }
