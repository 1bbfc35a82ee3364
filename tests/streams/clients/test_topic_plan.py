import pytest

from pipeline.streams.clients.topic_plan import (
    Found,
    Planned,
    differences_of,
    obstacle,
    offsets_differences,
    plan,
    plan_changelog,
    sources_obstacle,
)
from topics.catalogue import TOPICS
from topics.topic import DAY_MS


def planned(name: str) -> Planned:
    topics = plan(prefix="risk.", partitions=24, replicas=3)
    return next(topic for topic in topics if topic.topic.name == name)


def found(name: str, *, partitions: int = 24, replicas: int = 3, **config: str) -> Found:
    changed = {key.replace("_", "."): value for key, value in config.items()}
    return Found(partitions, replicas, {**planned(name).config, **changed})


def test_every_topic_is_planned_when_a_plan_is_made() -> None:
    topics = plan(prefix="p-", partitions=2, replicas=1)

    assert [topic.name for topic in topics] == [f"p-{name}" for name in TOPICS]
    assert {topic.config["min.insync.replicas"] for topic in topics} == {"1"}


def test_events_are_ordered_by_the_broker_and_never_compacted_when_planned() -> None:
    config = planned("events").config

    assert config["message.timestamp.type"] == "LogAppendTime"
    assert config["cleanup.policy"] == "delete"
    assert config["retention.ms"] == str(30 * DAY_MS)
    assert config["min.insync.replicas"] == "2"


def test_nothing_differs_when_every_topic_is_as_planned() -> None:
    sentences = [
        sentence for name in TOPICS for sentence in differences_of(planned(name), found(name))
    ]

    assert sentences == []


def test_topic_is_named_when_it_is_missing() -> None:
    assert differences_of(planned("fills"), None) == [
        "risk.fills is missing; create it with: riskgate topics create"
    ]


def test_partition_count_differs_when_events_have_one_less() -> None:
    sentence = (
        "risk.events has 23 partitions, but RISKGATE_PARTITIONS is 24; "
        "the count can never change: correct the setting"
    )

    assert differences_of(planned("events"), found("events", partitions=23)) == [sentence]
    assert obstacle(planned("events"), 23) == sentence


def test_partition_count_is_free_when_the_topic_is_an_input() -> None:
    assert differences_of(planned("fills"), found("fills", partitions=3)) == []
    assert obstacle(planned("fills"), 3) is None


def test_clock_differs_when_producers_set_the_time_of_events() -> None:
    events = found("events", message_timestamp_type="CreateTime")

    (sentence,) = differences_of(planned("events"), events)

    assert sentence == (
        "risk.events has message.timestamp.type=CreateTime, but riskgate decides by "
        "append time; set it to LogAppendTime"
    )


def test_cleanup_differs_when_an_input_is_compacted() -> None:
    signals = found("signals", cleanup_policy="compact,delete")

    assert differences_of(planned("signals"), signals) == [
        "risk.signals has cleanup.policy=compact,delete and would lose messages; set it to delete"
    ]


def test_retention_differs_when_it_is_one_millisecond_short() -> None:
    wanted = 30 * DAY_MS

    short = differences_of(planned("events"), found("events", retention_ms=str(wanted - 1)))
    longer = differences_of(planned("events"), found("events", retention_ms=str(wanted + 1)))
    for_ever = differences_of(planned("events"), found("events", retention_ms="-1"))

    assert len(short) == 1
    assert short[0].endswith(f"set retention.ms to {wanted}")
    assert (longer, for_ever) == ([], [])


def test_safety_differs_when_one_replica_may_acknowledge_alone() -> None:
    decisions = found("decisions", min_insync_replicas="1")

    assert differences_of(planned("decisions"), decisions) == [
        "risk.decisions has min.insync.replicas=1; set it to at least 2"
    ]


def test_size_differs_when_an_input_takes_batches_larger_than_planned() -> None:
    signals = found("signals", max_message_bytes="1048577")
    decisions = found("decisions", max_message_bytes="1048577")

    (sentence,) = differences_of(planned("signals"), signals)

    assert "has max.message.bytes=1048577" in sentence
    assert sentence.endswith("set it to 1048576")
    assert differences_of(planned("decisions"), decisions) == []


def test_offsets_differ_when_they_are_forgotten_no_later_than_events() -> None:
    days_30 = 30 * 24 * 60

    assert len(offsets_differences(1, {"offsets.retention.minutes": str(days_30)})) == 1
    assert offsets_differences(1, {"offsets.retention.minutes": str(days_30 + 1)}) == []


def test_changelog_keeps_what_every_key_holds_when_planned() -> None:
    changelog = plan_changelog("changelog__g", partitions=24, replicas=3)

    assert changelog.config["cleanup.policy"] == "compact"
    assert changelog.config["min.insync.replicas"] == "2"
    assert int(changelog.config["max.message.bytes"]) == 8 * 1024 * 1024


def test_changelog_differs_when_it_would_lose_state() -> None:
    changelog = plan_changelog("changelog__g", partitions=24, replicas=3)
    here = Found(12, 1, {**changelog.config, "cleanup.policy": "delete"})

    count, replicas, policy = differences_of(changelog, here)
    assert count.startswith("changelog__g has 12 partitions, but RISKGATE_PARTITIONS is 24")
    assert replicas.startswith("changelog__g has 1 replicas, but 3 are possible")
    assert policy.endswith("has cleanup.policy=delete and would lose messages; set it to compact")


def test_further_topic_is_planned_like_the_default_one() -> None:
    topics = {t.name: t for t in plan(prefix="p.", partitions=2, replicas=1, further=["fills.a"])}

    assert topics["p.fills.a"]._replace(name="p.fills", topic=TOPICS["fills"]) == topics["p.fills"]


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (292, None),  # Seven inputs: 2044 partitions.
        (
            293,
            (
                "The 7 inputs keyed by account have 2051 partitions together, but riskgate "
                "recognizes repetitions from at most 2048: create inputs with fewer partitions"
            ),
        ),
    ],
)
def test_start_is_refused_when_inputs_have_too_many_partitions(
    count: int, sentence: str | None
) -> None:
    topics = plan(prefix="risk.", partitions=count, replicas=3)

    assert sources_obstacle(topics, {each.name: count for each in topics}) == sentence


def test_partitions_of_further_topics_count_when_inputs_are_summed() -> None:
    topics = plan(prefix="p.", partitions=2, replicas=1, further=["fills.a"])

    sentence = sources_obstacle(topics, {each.name: 2 for each in topics}, most=15)

    assert (sentence or "").startswith("The 8 inputs keyed by account have 16 partitions together")
