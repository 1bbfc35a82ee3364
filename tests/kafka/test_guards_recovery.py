"""Recovery reads a changelog to its true end, behind transactions that are still open."""

import time
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, Producer, TopicPartition
from quixstreams.state.recovery import RecoveryPartition

from pipeline.streams.engine.applications import RiskApplication
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.role_interface import Stopped
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
    monkeypatch.setattr(Start, "begin_at", lambda start, *_, **__: start.offset)

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


class AtTheEnd(RiskApplication):
    """Restores a changelog whose first seek comes to nothing: reading waits at its end."""

    def _register_state(self, stream: str) -> None:
        super()._register_state(stream)
        manager = self._state_manager._recovery_manager
        assert manager is not None
        begin = manager._prime_changelog_partition

        def undo(rp: RecoveryPartition) -> None:
            begin(rp)
            place = rp.changelog_name, rp.partition_num
            self._consumer._consumer.seek(TopicPartition(*place, OFFSET_END))

        manager._prime_changelog_partition = undo  # type: ignore[method-assign]


def test_state_is_restored_soon_when_the_first_seek_was_undone(rig: Rig, tmp_path: Path) -> None:
    rig.make_both()
    rig.feed(10)
    worker = rig.risk(rig.settings()).ready()
    assert len(rig.outputs(10)) == 10
    worker.stop()
    app = AtTheEnd(rig.settings(state_dir=tmp_path / "new"))
    began_s = time.monotonic()

    again = Worker(app, Counter(app.produce, rig.target)).ready()

    assert time.monotonic() - began_s < 8
    rig.feed(1)
    assert [output.n for output in rig.outputs(11)][10:] == [11]
    again.stop()


def test_changelogs_are_assigned_where_they_begin_when_the_disk_is_new(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.make_both()
    app = RiskApplication(rig.settings())
    assigned: list[tuple[str, int]] = []
    assign = app._consumer.assign

    def note(partitions: list[TopicPartition]) -> None:
        assigned.extend((tp.topic, tp.offset) for tp in partitions)
        assign(partitions)

    monkeypatch.setattr(app._consumer, "assign", note)
    worker = Worker(app, Counter(app.produce, rig.target)).ready()

    assert sorted(assigned) == sorted([(rig.source, 0), (rig.settings().changelog, 0)])
    worker.stop()
