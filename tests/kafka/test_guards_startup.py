"""What a worker checks before it reads, and what its health reports meanwhile."""

import time

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType

from pipeline.errors import StartupError
from pipeline.streams.engine import progress
from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.role_interface import Stopped
from tests.kafka.rig import Rig, done, until

APPLICATIONS: list[type[StreamApplication]] = [IngestApplication, RiskApplication]


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_worker_does_not_start_when_nobody_answers(
    rig: Rig, application: type[StreamApplication]
) -> None:
    began_s = time.monotonic()

    with pytest.raises(StartupError, match=r"No Kafka broker answers at 127\.0\.0\.1:1 within 2 s"):
        application(rig.settings(brokers="127.0.0.1:1", startup_seconds_max=2.0))

    assert time.monotonic() - began_s < 4


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_worker_does_not_start_when_a_topic_is_missing(
    rig: Rig, application: type[StreamApplication]
) -> None:
    rig.make(rig.source)

    with pytest.raises(StartupError, match=r"outputs does not exist.*riskgate topics create"):
        application(rig.settings())


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_worker_does_not_start_when_the_partitions_are_others(
    rig: Rig, application: type[StreamApplication]
) -> None:
    rig.make_both(partitions=3)

    with pytest.raises(StartupError, match=r"events has 3 partitions, but the settings say 4"):
        application(rig.settings(partitions=4))


def test_a_worker_does_not_start_when_the_changelog_forgets(rig: Rig) -> None:
    rig.make_both()
    rig.make(rig.settings().changelog, cleanup_policy="compact,delete")

    with pytest.raises(StartupError, match=r"cleanup\.policy=compact,delete, which deletes state"):
        RiskApplication(rig.settings())


def test_a_worker_does_not_start_when_the_changelog_has_other_partitions(rig: Rig) -> None:
    rig.make_both(partitions=2)
    rig.make(rig.settings().changelog, partitions=3, cleanup_policy="compact")

    with pytest.raises(StartupError, match=r"has 3 partitions, but the settings say 2"):
        RiskApplication(rig.settings(partitions=2))


def test_the_changelog_keeps_state_short_when_it_is_made(rig: Rig) -> None:
    rig.make_both(partitions=3)

    RiskApplication(rig.settings(partitions=3))

    changelog = rig.settings().changelog
    assert len(rig.admin.list_topics(timeout=5).topics[changelog].partitions) == 3
    resource = ConfigResource(ResourceType.TOPIC, changelog)
    settings = done(rig.admin.describe_configs([resource])[resource])
    wanted = {
        "cleanup.policy": "compact",
        "max.message.bytes": "8388608",
        "min.cleanable.dirty.ratio": "0.1",
        "min.insync.replicas": "1",
        "segment.ms": "600000",
    }
    assert {name: settings[name].value for name in wanted} == wanted


def test_a_topic_has_another_id_when_it_was_made_anew(rig: Rig) -> None:
    rig.make_both()
    worker = rig.ingest(rig.settings()).ready()
    worker.stop()
    rig.delete(rig.source)
    rig.make(rig.source)

    again = rig.ingest(rig.settings()).ready()

    (before,), (after,) = worker.role.partitions, again.role.partitions
    assert before[:2] == after[:2] == (rig.source, 0)
    assert len(before.topic_id) == len(after.topic_id) == 22
    assert before.topic_id != after.topic_id
    again.stop()


def test_a_worker_stops_when_its_clock_is_far_behind(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.make(rig.source, message_timestamp_type="LogAppendTime")
    rig.make(rig.target)
    true_ms = progress.clock_ms
    monkeypatch.setattr(progress, "clock_ms", lambda: true_ms() - 62_000)
    worker = rig.risk(rig.settings()).ready()

    rig.feed(1)

    with pytest.raises(Stopped, match=r"was appended 6\d s ahead of this worker's clock"):
        raise worker.end()
    assert rig.outputs() == []


def test_a_worker_goes_on_when_its_clock_is_a_little_behind(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.make(rig.source, message_timestamp_type="LogAppendTime")
    rig.make(rig.target)
    true_ms = progress.clock_ms
    monkeypatch.setattr(progress, "clock_ms", lambda: true_ms() - 50_000)
    worker = rig.risk(rig.settings()).ready()

    rig.feed(1)

    assert len(rig.outputs(1)) == 1
    worker.stop()


def test_the_status_says_how_far_a_worker_is_behind(rig: Rig) -> None:
    rig.make_both()
    rig.feed(200)
    place = rig.source, 0
    worker = rig.risk(rig.settings(), seconds=0.02)

    until(lambda: worker.app.status.lags.get(place, 0) > 100)
    assert worker.app.status.ready
    assert [partition[:2] for partition in worker.app.status.assigned] == [place]
    until(lambda: worker.app.status.lags.get(place) == 0)

    assert worker.app.status.positions == {place: 200}
    assert time.monotonic() - worker.app.status.last_turn_s < 1
    worker.stop()
    assert not worker.app.status.ready
