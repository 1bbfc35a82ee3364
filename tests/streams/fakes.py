"""A partition's store, a producer and records, for roles without a broker."""

from typing import NamedTuple, cast

import orjson
from confluent_kafka import Message
from msgspec import Struct

from pipeline.streams.role_interface import Headers, Record, Role
from tests import given
from tests.simulation.clients.base import SimulatedMessage
from topics import codec
from topics.events import Source

AT_MS = given.T0_MS


class MemoryStore:
    """A dict; what was written last counts."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        return self.rows.get(key)

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self.rows[key] = value

    def save(self, key: bytes, value: bytes) -> None:
        """Write a value: with nothing beside it, a barrier is now."""
        self.rows[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a key."""
        self.rows.pop(key, None)


class Identified:
    """A topic whose id a test chooses."""

    def __init__(self, topic_id: str = "id-of-account-states") -> None:
        self.topic_id = topic_id

    def ask(self) -> None:
        """Nothing to ask."""

    def look(self) -> str:
        """Return the id."""
        return self.topic_id


def delivered(topic: str = "decisions", partition: int = 0) -> Message:
    """Return what Kafka's client reports of a message that the brokers have."""
    return cast(Message, SimulatedMessage(topic, partition, 0))


def commit(role: Role) -> None:
    """Do what a worker does beside its records: rows that are due, and a checkpoint."""
    role.publish()
    for _ in role.checkpoint():
        pass


class Sent(NamedTuple):
    """A message that a role produced."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None
    headers: Headers | None = None

    @property
    def row(self) -> dict[str, object]:
        """Return its body."""
        row: dict[str, object] = orjson.loads(self.value or b"")
        return row


class Outbox:
    """Keep what is produced."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def __call__(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Take a message."""
        self.sent.append(Sent(topic, key, value, partition, headers))

    def of(self, topic: str) -> list[Sent]:
        """Return what went to one topic."""
        return [message for message in self.sent if message.topic == topic]


def record(
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = b"acct-1",
    partition: int = 0,
    offset: int = 0,
    at_ms: int = AT_MS,
    is_append_time: bool = True,
) -> Record:
    """Return a record as Kafka hands it over."""
    return Record(topic, partition, offset, key, value, at_ms, is_append_time)


def event_record(
    event: Struct, *, partition: int, offset: int = 0, is_append_time: bool = True
) -> Record:
    """Return an event as a record of the log."""
    account_id = str(getattr(event, "account_id"))  # noqa: B009 - Every event has it.
    return record(
        "risk.events",
        codec.encode_event(event),
        key=account_id.encode(),
        partition=partition,
        offset=offset,
        is_append_time=is_append_time,
    )


def source(topic: str, offset: int) -> Source:
    """Say where an event came from."""
    return Source(topic=topic, topic_id=f"id-of-{topic}", partition=0, offset=offset)
