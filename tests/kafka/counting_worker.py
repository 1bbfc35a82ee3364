"""A counting worker as a process of its own, to be frozen and killed; its arguments as JSON."""

import os
import signal
import sys
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, TopicPartition

from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.engine.checkpoint import Barrier, Keeper
from pipeline.streams.engine.keepers import StateKeeper
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
    saving_seconds: float = 0.0  # That a checkpoint takes for each key.
    batch_records: int = 1000
    checkpoint_interval_ms: int = 100
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 1500
    fresh_id: bool = False
    standby: str = "off"


class DiesInCommit(RiskApplication):
    """Is killed in its second commit, when its records are in the changelog."""

    def _keeper(self, consumer: Consumer) -> Keeper:
        keeper = super()._keeper(consumer)
        commits = count(1)

        def commit(barrier: Barrier) -> None:
            if next(commits) == 2:
                self._producer.flush(10)
                os.kill(os.getpid(), signal.SIGKILL)
            StateKeeper.commit(keeper, barrier)  # type: ignore[arg-type]

        keeper.commit = commit  # type: ignore[method-assign]
        return keeper


class FreezesInCommit(RiskApplication):
    """Stands still in its second commit: records and offsets are there, the commit is not."""

    def _keeper(self, consumer: Consumer) -> Keeper:
        keeper = super()._keeper(consumer)
        commits = count(1)

        def commit(barrier: Barrier) -> None:
            if next(commits) == 2:
                producer = self._producer._producer._producer
                producer.flush(10)
                positions = [TopicPartition(*place, at) for place, at in barrier.positions.items()]
                producer.send_offsets_to_transaction(
                    positions, consumer.consumer_group_metadata(), 10
                )
                os.kill(os.getpid(), signal.SIGSTOP)
            StateKeeper.commit(keeper, barrier)  # type: ignore[arg-type]

        keeper.commit = commit  # type: ignore[method-assign]
        return keeper


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
    "risk, killed in its commit": DiesInCommit,
    "risk, frozen in its commit": FreezesInCommit,
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
        outputs=(wanted.target,),
        batch_records=wanted.batch_records,
        checkpoint_interval_ms=wanted.checkpoint_interval_ms,
        transaction_timeout_ms=wanted.transaction_timeout_ms,
        session_timeout_ms=wanted.session_timeout_ms,
        standby=wanted.standby,
    )
    app = KINDS[wanted.kind](settings)
    try:
        role = Counter(
            app.produce,
            wanted.target,
            seconds=wanted.seconds,
            saving_seconds=wanted.saving_seconds,
        )
        app.serve(role)
    except Stopped as stopped:
        sys.exit(str(stopped))


if __name__ == "__main__":
    main()
