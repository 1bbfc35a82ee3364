"""Recovery reads a changelog to its true end, behind transactions that are still open."""

import time
from pathlib import Path

import pytest
from confluent_kafka import Producer

from pipeline.streams.application import RiskApplication
from pipeline.streams.engine import Stopped
from pipeline.streams.guards import Start
from tests.kafka.counter import Counter
from tests.kafka.rig import Rig, Worker, until


class UpToTheFirstOpenTransaction(RiskApplication):
    """Recovers as quixstreams does by itself."""

    def _register_state(self, stream: str) -> None:
        super()._register_state(stream)
        del self._consumer.get_watermark_offsets


@pytest.fixture
def dead(rig: Rig) -> Producer:
    """Twenty counted records; the changelog of the last ten lies behind a dead transaction."""
    rig.make_both()
    rig.feed(10)
    worker = rig.risk(rig.settings()).ready()
    assert len(rig.outputs(10)) == 10
    producer = Producer(
        {
            "bootstrap.servers": rig.brokers,
            "transactional.id": f"{rig.name}-dead",
            "transaction.timeout.ms": 60_000,
            "log_level": 0,
        }
    )
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(rig.settings().changelog, b"1", b"s|b", 0)
    producer.flush(10)
    rig.feed(10)
    assert [output.n for output in rig.outputs(20)] == list(range(1, 21))
    worker.stop()
    return producer


def unguarded(rig: Rig, folder: Path) -> Worker:
    """Start a worker that loses sight of what lies behind an open transaction."""
    app = UpToTheFirstOpenTransaction(rig.settings(state_dir=folder))
    return Worker(app, Counter(app.produce, rig.target))


def test_state_is_lost_when_recovery_ends_at_an_open_transaction(
    rig: Rig, dead: Producer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Start, "check_state", lambda *_, **__: None)

    worker = unguarded(rig, tmp_path / "new").ready()
    rig.feed(1)

    assert [output.n for output in rig.outputs(21)][20:] == [11]  # It is the twenty-first.
    worker.stop()
    dead.abort_transaction(10)


def test_the_worker_stops_when_recovery_ended_at_an_open_transaction(
    rig: Rig, dead: Producer, tmp_path: Path
) -> None:
    worker = unguarded(rig, tmp_path / "new")

    assert isinstance(worker.end(), Stopped)
    assert "belongs to offset 10, but the group" in str(worker.error)
    dead.abort_transaction(10)


def test_recovery_waits_when_a_transaction_is_open(
    rig: Rig, dead: Producer, tmp_path: Path
) -> None:
    worker = rig.risk(rig.settings(state_dir=tmp_path / "new"))
    until(lambda: worker.app.status.last_turn_s > 0)
    time.sleep(2)
    assert not worker.app.status.ready
    assert time.monotonic() - worker.app.status.last_turn_s < 1

    dead.abort_transaction(10)
    worker.ready()
    rig.feed(1)

    assert [output.n for output in rig.outputs(21)][20:] == [21]
    worker.stop()
