"""The interface between the roles and the engine that runs them.

Apart from application.py so that a role, its tests and the command line do not import quixstreams.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.streams.client_settings import (
    CONSUMER,
    PRODUCER,
    SMALL_QUEUE,
    WITHOUT_GAPS,
    ClientSetting,
)
from pipeline.streams.observer import EngineStatus, Observer
from pipeline.streams.places import Partition, Place
from topics.codec import DecodeError

__all__ = [
    "NOTHING",
    "STORE",
    "TABLES_GROUP",
    "EngineSettings",
    "EngineStatus",
    "Headers",
    "LogChanged",
    "Observer",
    "Output",
    "Partition",
    "Place",
    "Produce",
    "Published",
    "Record",
    "Role",
    "SessionLost",
    "StartupError",
    "Stopped",
    "Store",
    "Unreadable",
    "changelog_name",
]

Headers = Sequence[tuple[str, bytes]]
STORE = "accounts"
TABLES_GROUP = "tables"  # Nobody joins it or commits to it; librdkafka requires one.


class Stopped(Exception):  # noqa: N818 - It names what happened, not an error.
    """Say in one sentence why a running worker must stop; nothing more was committed."""


class SessionLost(Stopped):
    """Say that what Kafka lost or refused just now is there again for whoever begins anew."""


class LogChanged(Stopped):
    """Say that a log no longer has what was read from it."""


class Record(Struct, frozen=True, gc=False):
    """One message as Kafka delivered it; a Struct, as one is made for each of them."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    timestamp_is_append_time: bool  # False: the producer's clock.


class Output(NamedTuple):
    """A message that is on a topic of outputs already."""

    topic: str
    key: bytes | None
    value: bytes | None


class Published(NamedTuple):
    """What an owner before sent of what comes now, after the state that it saved last."""

    outputs: Sequence[Output] = ()
    until: int = 0  # Nothing from this offset of the log on was decided before.
    cut: frozenset[str] = frozenset()  # Topics of which only the newest outputs were read.


NOTHING = Published()


class Store(Protocol):
    """The keyed state of one partition: saved whole at each checkpoint, or not at all.

    A read sees what was written last.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""

    def delete(self, key: bytes) -> None:
        """Delete a key, whether it exists or not."""

    def save(self, key: bytes, value: bytes) -> None:
        """Write a value as of the barrier of the checkpoint that is being saved."""


class Produce(Protocol):
    """Send a message with one of the engine's producers."""

    def __call__(  # noqa: PLR0913 - The parts of a Kafka message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send. Without a partition, murmur2 of the key decides, as in Java."""


class Unreadable(NamedTuple):
    """The offsets of a batch that cannot be decompressed."""

    topic: str
    partition: int
    first: int
    next: int  # One after its last.
    reason: str

    def record(self, *, at_ms: int = 0) -> Record:
        """Return a record that stands for the batch; only its offsets are known."""
        place = self.topic, self.partition, self.first
        return Record(*place, None, None, at_ms, timestamp_is_append_time=True)

    @property
    def error(self) -> DecodeError:
        """The error that its dead letter reports."""
        return DecodeError(
            f"Offsets {self.first} to {self.next - 1} cannot be unpacked ({self.reason})"
        )


class Role(Protocol):
    """What a worker does with its records; the engine's one thread makes all calls."""

    def assign(
        self, partition: Partition, store: Store | None, published: Published = NOTHING
    ) -> None:
        """Begin with a partition whose state is recovered and verified; None: it has no state.

        published: what is there already is not to be sent again.
        """

    def revoke(self, partition: Partition) -> None:
        """Drop everything about a partition, after its commit or because it was lost."""

    def apply(self, record: Record) -> None:
        """Handle a record: produce, read and write. An exception ends the worker, uncommitted."""

    def step_over(self, batch: Unreadable) -> None:
        """Write a dead letter for a batch that cannot be decompressed."""

    def publish(self) -> None:
        """Send what is due by time; called between batches, and when there is nothing to read."""

    def checkpoint(self) -> Iterator[None]:
        """Take what there is up to the first `yield`; save it in small steps after that.

        What is saved then is the state as of the first `yield`, whatever is applied between.
        """


def changelog_name(group: str, stream: str) -> str:
    """Return the changelog of a group's state for a topic, as quixstreams names it."""
    return f"changelog__{group}--{stream}--{STORE}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """How one worker reaches Kafka, and its identity there."""

    brokers: str
    group: str
    instance: str  # Kept across restarts; two running workers never share one.
    topics: tuple[str, ...]  # The topics it reads; risk reads only events.
    partitions: Mapping[str, int | None]  # Topics that must exist, and their fixed counts if any.
    state_dir: Path = Path("state")
    security: Mapping[str, str] = field(default_factory=dict)  # As librdkafka names them.
    checkpoint_interval_ms: int = 1000
    outputs: tuple[str, ...] = ()  # Topics; read at a takeover, for what is decided again.
    batch_records: int = 1000
    # By topic: the lowest goes first of what was read together; without any, the log's order.
    ranks: Mapping[str, int] = field(default_factory=dict)
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 6000
    poll_interval_ms_max: int = 45_000
    # A static member that was killed gets its partitions back; on a planned stop it leaves.
    leave_at_end: bool = True
    clock_ahead_ms_max: int = 60_000  # How far an append time may be ahead of our clock.
    startup_seconds_max: float = 10.0
    standby: str = "off"  # Of which partitions of others it keeps copies; see engine/heirs.py.
    # The command that starts engine/guarded_child.py; empty: no reading under a memory limit.
    stop_levels: tuple[str, ...] = ()

    @property
    def transactional_id(self) -> str:
        """The id that fences an earlier process of this worker."""
        return f"{self.group}-{self.instance}"

    @property
    def call_seconds_max(self) -> float:
        """How long one call of Kafka's client may take before the brokers end the transaction."""
        return 0.9 * self.transaction_timeout_ms / 1000

    @property
    def changelog(self) -> str:
        """The changelog of risk's state."""
        return changelog_name(self.group, self.topics[0])

    def reader(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings for a consumer that joins no group."""
        return {**self.security, "bootstrap.servers": self.brokers, "group.id": self.group}

    def consumer(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings for the worker's consumer."""
        return (
            CONSUMER
            | (SMALL_QUEUE if self.ranks else {})
            | {
                **self.security,
                "group.instance.id": self.instance,
                "session.timeout.ms": self.session_timeout_ms,
                "heartbeat.interval.ms": self.session_timeout_ms // 5,
                "max.poll.interval.ms": self.poll_interval_ms_max,
            }
        )

    def second_reader(self) -> dict[str, ClientSetting]:
        """Return librdkafka's settings for a consumer that reads given offsets again."""
        return CONSUMER | {
            **self.reader(),
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
            "log_level": 0,  # Errors arrive with the messages.
        }

    def producer(self, *, transactional: bool) -> dict[str, ClientSetting]:
        """Return librdkafka's settings for the producer."""
        if not transactional:
            return PRODUCER | WITHOUT_GAPS | {**self.security}
        return PRODUCER | {
            **self.security,
            "transactional.id": self.transactional_id,
            "transaction.timeout.ms": self.transaction_timeout_ms,
        }
