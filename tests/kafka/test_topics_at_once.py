"""Topics that were created can be used at once: the command ends when the brokers know them."""

import uuid

import pytest
from confluent_kafka.admin import AdminClient

from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin import topic_admin
from pipeline.streams.admin.topic_admin import create_missing, differences, require_topics
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.clients.cluster import Cluster
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.workers import engine_settings
from pipeline.streams.settings import Settings


def new_settings(kafka: LocalKafka) -> Settings:
    """Return settings with a prefix that nobody used."""
    named = {"topic_prefix": f"{uuid.uuid4().hex[:8]}.", "group_prefix": uuid.uuid4().hex[:8]}
    return Settings.model_validate({"brokers": kafka.bootstrap, "partitions": 2, **named})


def faults(settings: Settings) -> list[str]:
    """Create, check and start without a pause; return what went wrong."""
    try:
        create_missing(settings)
        found = differences(settings)
        require_topics(settings, list(RoleName))
        engine = engine_settings(settings, RoleName.RISK, (settings.topic("events"),))
        Cluster.of(engine, stateful=True)
    except Exception as error:  # noqa: BLE001 - The test says that there is none.
        return [str(error)]
    return found


def test_topics_are_there_when_create_check_and_run_come_without_a_pause(
    kafka: LocalKafka,
) -> None:
    assert [faults(new_settings(kafka)) for _ in range(20)] == [[]] * 20


def test_every_partition_has_a_leader_when_topics_were_created(kafka: LocalKafka) -> None:
    settings = new_settings(kafka)

    names = create_missing(settings)

    topics = AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics(timeout=5).topics
    leaders = [p.leader for name in names for p in topics[name].partitions.values()]
    assert len(leaders) >= 2 * 10
    assert min(leaders) >= 0


def test_create_says_which_topic_is_missing_when_the_brokers_do_not_know_it_in_time(
    kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_admin, "LEADERS_SECONDS_MAX", -1.0)
    monkeypatch.setattr(topic_admin, "_lacking", lambda *_: ["risk.events"])

    with pytest.raises(BrokerError, match=r"risk\.events was created, but has no leader"):
        create_missing(new_settings(kafka))
