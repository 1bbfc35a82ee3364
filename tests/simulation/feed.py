"""Ingest and broadcast without workers: inputs become events at once, in a log of their own.

For worlds that are about risk alone. What is written twice or cannot be read is drawn, too, as
ingest writes at least once.
"""

from collections import Counter

from msgspec import Struct

from pipeline.replay.partition import StepObserver
from pipeline.streams.input_groups import STREAMS
from pipeline.streams.role_interface import Headers, Partition, Record
from pipeline.streams.roles.broadcast.broadcast import HEARTBEAT
from pipeline.streams.roles.ingest.ingest import Ingest
from pipeline.streams.tables.tables import Tables
from tests.simulation.deployment import Deployment
from topics.catalogue import INPUTS
from topics.codec import encode, encode_event, key_of
from topics.events import TOPIC as EVENTS
from topics.instruments import Instrument
from topics.prices import Price
from topics.topic import Topic

__all__ = ["TOPICS", "UNREADABLE", "Feed"]

HEARTBEAT_SECONDS = 1.0
REPEATED = 0.03
UNREADABLE = 0.01
TOPICS: dict[type[Struct], Topic] = {type(topic.example): topic for topic in INPUTS}


class Feed:
    """Write events."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._kernel = deployment.kernel
        self._tables = Tables(deployment.settings)
        self._offsets: Counter[str] = Counter()
        self._recent: list[tuple[bytes, bytes, int]] = []
        self._ingest = Ingest(
            deployment.settings,
            self._tables,
            produce=self._produce,
            tally=StepObserver(),
            now_ms=lambda: int(self._kernel.now_s * 1000),
        )
        for topic in STREAMS:
            self._ingest.assign(
                Partition(deployment.settings.topic(topic.name), 0, topic.name), None
            )
        self._is_open = True
        self._beat()

    def ends(self) -> dict[tuple[str, int], int]:
        """Return nothing: each input becomes an event at once."""
        return {}

    def have_become_events(self, ends: dict[tuple[str, int], int]) -> bool:
        """Return True."""
        return not ends

    def close(self) -> None:
        """Write nothing more."""
        self._is_open = False

    def send(self, message: Struct) -> None:
        """Let a message become what ingest makes of it."""
        topic = TOPICS[type(message)]
        offset, at_ms = self._offsets[topic.name], int(self._kernel.now_s * 1000)
        self._offsets[topic.name] += 1
        if isinstance(message, Instrument):
            self._tables.apply_instrument(message)
        elif isinstance(message, Price):
            self._tables.apply_price(message, offset=offset, appended_ms=at_ms)
            return
        name, key = self._deployment.settings.topic(topic.name), key_of(topic, message).encode()
        self._ingest.apply(
            Record(name, 0, offset, key, encode(message), at_ms, timestamp_is_append_time=True)
        )
        if self._kernel.random.random() < REPEATED:
            for again in self._recent[-self._kernel.random.randint(1, 3) :]:
                self._append(*again)

    def _produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        del headers
        if not topic.endswith(EVENTS.name):
            return
        self._recent.append((key or b"", value or b"", partition or 0))
        self._append(*self._recent[-1])
        if self._kernel.random.random() < UNREADABLE:
            self._append(key or b"", b"\xffnothing", partition or 0)

    def _append(self, key: bytes, value: bytes, partition: int) -> None:
        if not self._is_open:
            return
        self._deployment.append(EVENTS.name, partition, key=key, value=value)

    def _beat(self) -> None:
        for number in range(self._deployment.settings.partitions):
            self._append(b"*", encode_event(HEARTBEAT), number)
        if self._is_open:
            self._kernel.after(HEARTBEAT_SECONDS, self._beat)
