"""State that does not belong to the committed offset is never used."""

from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition

from pipeline.streams.engine.start_checks import Start
from pipeline.streams.role_interface import LogChanged, Stopped
from tests.kafka.rig import Rig, done, until


@pytest.fixture
def ten(rig: Rig) -> Rig:
    """Ten records of one key, counted by a worker that is gone."""
    rig.make_both()
    rig.feed(10)
    worker = rig.risk(rig.settings()).ready()
    assert [output.n for output in rig.outputs(10)] == list(range(1, 11))
    worker.stop()
    return rig


def trust_any_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard away."""
    monkeypatch.setattr(Start, "begin_at", lambda start, *_, **__: start.offset)


def counts_after_one_more(
    rig: Rig, *, earlier: int = 10, state_dir: Path | None = None
) -> list[int]:
    """Return what a next worker counts."""
    settings = rig.settings()
    worker = rig.risk(replace(settings, state_dir=state_dir or settings.state_dir)).ready()
    rig.feed(1)
    outputs = rig.outputs(earlier + 1)
    worker.stop()
    return [output.n for output in outputs[earlier:]]


def test_counting_goes_on_when_the_disk_is_kept(ten: Rig) -> None:
    assert counts_after_one_more(ten) == [11]


def test_counting_goes_on_when_the_disk_is_lost(ten: Rig, tmp_path: Path) -> None:
    assert counts_after_one_more(ten, state_dir=tmp_path / "new") == [11]


def test_records_count_twice_when_the_offset_was_set_back_and_nobody_looks(
    ten: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust_any_state(monkeypatch)
    ten.leave()
    ten.commit(5)

    assert counts_after_one_more(ten) == [11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize("disk", ["state", "new"])
def test_counting_goes_on_when_the_offset_is_stale(ten: Rig, tmp_path: Path, disk: str) -> None:
    ten.leave()
    ten.commit(5)

    assert counts_after_one_more(ten, state_dir=tmp_path / disk) == [11]
    assert ten.committed() == 11


@pytest.mark.parametrize("disk", ["state", "new"])
def test_counting_goes_on_when_the_group_was_deleted(ten: Rig, tmp_path: Path, disk: str) -> None:
    ten.leave()
    done(ten.admin.delete_consumer_groups([ten.name])[ten.name])

    assert counts_after_one_more(ten, state_dir=tmp_path / disk) == [11]
    assert ten.committed() == 11


def test_a_stale_offset_is_overwritten_when_nothing_more_comes(ten: Rig) -> None:
    ten.leave()
    ten.commit(5)

    worker = ten.risk(ten.settings()).ready()

    until(lambda: ten.committed() == 10)
    assert worker.tally.overwritten_partitions == 1
    worker.stop()


def test_counting_goes_on_when_a_stale_offset_was_deleted_from_the_log(ten: Rig) -> None:
    ten.leave()
    ten.commit(5)
    done(next(iter(ten.admin.delete_records([TopicPartition(ten.source, 0, 8)]).values())))

    assert counts_after_one_more(ten) == [11]


def test_the_worker_stops_when_the_offset_is_ahead_of_the_state(ten: Rig) -> None:
    ten.feed(5)
    ten.leave()
    ten.commit(12)

    with pytest.raises(Stopped, match=r"belongs to offset 10, but the group .* is at 12: .* lost"):
        ten.risk(ten.settings()).ready()


def test_records_count_twice_when_the_group_was_deleted_and_nobody_looks(
    ten: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust_any_state(monkeypatch)
    ten.leave()
    done(ten.admin.delete_consumer_groups([ten.name])[ten.name])

    assert counts_after_one_more(ten) == list(range(11, 22))


def test_counting_begins_anew_when_the_changelog_was_lost_and_nobody_looks(
    ten: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust_any_state(monkeypatch)
    ten.delete(ten.settings().changelog)

    assert counts_after_one_more(ten, state_dir=tmp_path / "new") == [1]


def test_the_worker_stops_when_changelog_and_disk_were_lost(ten: Rig, tmp_path: Path) -> None:
    ten.delete(ten.settings().changelog)

    with pytest.raises(Stopped, match=r"belongs to offset none, but the group .* is at 10"):
        ten.risk(ten.settings(state_dir=tmp_path / "new")).ready()


def test_the_worker_stops_when_only_the_changelog_was_lost(ten: Rig) -> None:
    ten.delete(ten.settings().changelog)

    with pytest.raises(Stopped, match=r"was recreated or truncated"):
        ten.risk(ten.settings()).ready()


def test_the_worker_stops_when_the_log_begins_after_the_offset(ten: Rig) -> None:
    ten.feed(5)
    done(next(iter(ten.admin.delete_records([TopicPartition(ten.source, 0, 12)]).values())))

    with pytest.raises(
        Stopped, match=r"is at 10 of .* from 12 to 15: .* were deleted .* start over"
    ):
        ten.risk(ten.settings()).ready()


def test_the_worker_stops_when_the_log_was_made_anew(ten: Rig) -> None:
    ten.leave()
    ten.delete(ten.source)
    ten.make(ten.source)
    ten.feed(12)

    with pytest.raises(LogChanged, match=r"at 9, is another one now: .* start over"):
        ten.risk(ten.settings()).ready()


def test_the_worker_begins_when_a_first_commit_was_aborted(rig: Rig) -> None:
    rig.make_both()
    rig.make(rig.settings().changelog, cleanup_policy="compact")
    own = {"transactional.id": f"{rig.name}-dead", "log_level": 0}
    dead = Producer({"bootstrap.servers": rig.brokers, **own})
    dead.init_transactions(10)
    dead.begin_transaction()
    dead.produce(rig.settings().changelog, b"10", b"applied", 0)
    dead.flush(10)
    dead.abort_transaction(10)

    assert counts_after_one_more(rig, earlier=0) == [1]


def test_a_value_that_begins_like_a_time_stays_whole_when_the_disk_is_lost(
    ten: Rig, tmp_path: Path
) -> None:
    value = (1_800_000_000_000).to_bytes(8, "big") + b"payload"
    worker = ten.risk(ten.settings()).ready()
    worker.role.stores[0].set(b"time", value)
    ten.feed(1)
    assert len(ten.outputs(11)) == 11
    worker.stop()

    restored = ten.risk(ten.settings(state_dir=tmp_path / "new")).ready()

    assert restored.role.stores[0].get(b"time") == value
    restored.stop()
