"""A counting worker as a process of its own, to be frozen and killed; its arguments as JSON."""

import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, TopicPartition

from pipeline.streams.engine.application import (
    IngestApplication,
    RiskApplication,
    StreamApplication,
)
from pipeline.streams.role_interface import EngineSettings, Stopped
from tests.kafka.counter import Counter


class Arguments(msgspec.Struct, kw_only=True):
    """What the test wants."""

    kind: str  # Of KINDS.
    brokers: str
    group: str
    instance: str
    source: str
    target: str
    partitions: int
    state_dir: str
    seconds: float = 0.0  # That each record takes.
    batch_records: int = 1000
    commit_interval_ms: int = 100
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 1500
    fresh_id: bool = False


class KeepsLostTransaction(RiskApplication):
    """Goes on with the transaction in which it worked on partitions it lost."""

    def _on_lost(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        super(StreamApplication, self)._on_lost(_, topic_partitions)
        self._hand_over()
        # Of stores that are closed by now; the transaction of the producer is what stays open.
        self._processing_context.checkpoint._store_transactions.clear()


class KeepsLostOffsets(IngestApplication):
    """Remembers how far it came in partitions it lost."""

    def _on_lost(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        super(StreamApplication, self)._on_lost(_, topic_partitions)


@dataclass(frozen=True, kw_only=True)
class FreshId(EngineSettings):
    """Is another producer to the brokers after each restart."""

    @property
    def transactional_id(self) -> str:
        """What quixstreams does by itself."""
        return str(uuid.uuid4())


KINDS: dict[str, type[StreamApplication]] = {
    "risk": RiskApplication,
    "risk, keeping what it lost": KeepsLostTransaction,
    "ingest": IngestApplication,
    "ingest, keeping what it lost": KeepsLostOffsets,
}


def main() -> None:
    """Run until stopped."""
    wanted = msgspec.json.decode(sys.argv[1], type=Arguments)
    settings = (FreshId if wanted.fresh_id else EngineSettings)(
        brokers=wanted.brokers,
        group=wanted.group,
        instance=wanted.instance,
        topics=(wanted.source,),
        partitions={wanted.source: wanted.partitions, wanted.target: wanted.partitions},
        state_dir=Path(wanted.state_dir),
        batch_records=wanted.batch_records,
        commit_interval_ms=wanted.commit_interval_ms,
        transaction_timeout_ms=wanted.transaction_timeout_ms,
        session_timeout_ms=wanted.session_timeout_ms,
    )
    app = KINDS[wanted.kind](settings)
    try:
        app.serve(Counter(app.produce, wanted.target, seconds=wanted.seconds))
    except Stopped as stopped:
        sys.exit(str(stopped))


if __name__ == "__main__":
    main()
