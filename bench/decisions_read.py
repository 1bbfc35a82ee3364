"""What a reader of decisions that is not read_committed finds: lost, differing, twice."""

import time
from hashlib import blake2b
from typing import NamedTuple

import orjson
from confluent_kafka import TopicPartition

from bench.pipeline import PARTITIONS, consumer_of
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.settings import Settings

__all__ = ["Counts", "DecisionsRead"]

PATIENCE_SECONDS = 60.0  # Without any decision.


class Counts(NamedTuple):
    """What was found so far."""

    signals: int
    decisions: int  # Exits and stops too; each once.
    lost: int  # Signals without a decision.
    doubles: int  # Byte-equal.
    differing: int


class DecisionsRead:
    """Read on from where the count before ended."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topic("decisions")
        self._consumer = consumer_of(settings, "decisions", isolation="read_uncommitted")
        self._next = dict.fromkeys(range(PARTITIONS), 0)
        self._digests: dict[tuple[str, int, str], bytes] = {}
        self._answered: set[str] = set()
        self._doubles = self._differing = 0

    def count(self, *, signals: int = 0) -> Counts:
        """Read to the end, and until so many signals have a decision, if they get one in time."""
        wanted = {f"bench:{number}" for number in range(signals)}
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        found = len(self._digests)
        while not (self._read_to_end() and wanted <= self._answered):
            if len(self._digests) > found:  # It goes on: a busy machine is no loss.
                found, give_up_s = len(self._digests), time.monotonic() + PATIENCE_SECONDS
            if time.monotonic() > give_up_s:
                break
        return Counts(
            signals=signals,
            decisions=len(self._digests),
            lost=len(wanted - self._answered),
            doubles=self._doubles,
            differing=self._differing,
        )

    def _read_to_end(self) -> bool:
        ends = {
            number: self._consumer.get_watermark_offsets(TopicPartition(self._topic, number))[1]
            for number in self._next
        }
        for message in poll_all(self._consumer, 1000, 0.2):
            if message.error() is None:
                self._take(message.value() or b"")
                self._next[message.partition() or 0] = (message.offset() or 0) + 1
        return all(self._next[number] >= end for number, end in ends.items())

    def _take(self, value: bytes) -> None:
        row = orjson.loads(value)
        if row["kind"] == "decision":
            self._answered.add(row["signal_id"])
        place = row["account_id"], row["sequence"], _identity(row)
        digest = blake2b(value, digest_size=16).digest()
        first = self._digests.setdefault(place, digest)
        if first is not digest:
            self._doubles += first == digest
            self._differing += first != digest


def _identity(row: dict[str, str]) -> str:
    """Return what tells a row from the others of its event."""
    if row["kind"] == "stop":  # One event may trigger it and say that exits are on their way.
        return f"{row['stop_id']} {row['status']}"
    return row["decision_id"] if row["kind"] == "decision" else row["exit_id"]
