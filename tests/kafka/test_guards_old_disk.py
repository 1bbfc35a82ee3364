"""A disk older than the changelog's memory of deletions does not bring deleted keys back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from pipeline.streams.engine import old_state
from pipeline.streams.engine.applications import RiskApplication
from pipeline.streams.role_interface import Record
from tests.kafka.counter import Counter
from tests.kafka.reading import read_all
from tests.kafka.rig import Rig, Worker, until

CLEANS_OFTEN = {
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.backoff.ms": "300",
    "log.initial.task.delay.ms": "500",
}
FORGETS: dict[str, str] = {
    "delete_retention_ms": "200",
    "segment_ms": "1000",
    "min_cleanable_dirty_ratio": "0.01",
}


class Setter(Counter):
    """Sets a key or deletes it, as each record says."""

    def apply(self, record: Record) -> None:
        """Do what it says, and count it."""
        store = self.stores[record.partition]
        if record.value == b"set":
            store.set(b"id", b"1")
        elif record.value == b"delete":
            store.delete(b"id")
        super().apply(record)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Rig]:
    """A key set on the disk "old", deleted on another, and the deletion gone from the changelog."""
    with LocalKafka(settings=CLEANS_OFTEN) as kafka:
        rig = Rig(kafka.bootstrap, tmp_path)
        rig.make_both()
        rig.make(rig.settings().changelog, 1, cleanup_policy="compact", **FORGETS)
        worker(rig, "old", b"set", b"more").stop()
        deletes = worker(rig, "other", b"delete")
        until(lambda: is_forgotten(rig), seconds=90)
        deletes.stop()
        yield rig
        rig.close()


def worker(rig: Rig, disk: str, *values: bytes) -> Worker:
    """Run a worker on a disk until it committed these."""
    app = RiskApplication(rig.settings(state_dir=rig.folder / disk))
    started = Worker(app, Setter(app.produce, rig.target)).ready()
    for value in values:
        rig.feed(1, value=value)
    until(lambda: rig.committed() == rig.end(rig.source))
    return started


def is_forgotten(rig: Rig) -> bool:
    """Write more, and return whether the changelog has no deletion any more."""
    rig.feed(1, value=b"more")
    values = [message.value() for message in read_all(rig.brokers, rig.settings().changelog)]
    return bool(values) and None not in values


def test_a_deleted_key_stays_deleted_when_the_disk_is_older_than_the_deletion(away: Rig) -> None:
    again = worker(away, "old")

    assert again.role.stores[0].get(b"id") is None
    again.stop()


def test_a_deleted_key_comes_back_when_nobody_looks_how_old_a_disk_is(
    away: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_state, "is_old", lambda *_, **__: False)

    again = worker(away, "old")

    assert again.role.stores[0].get(b"id") == b"1"
    again.stop()
