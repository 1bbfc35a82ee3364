"""How riskgate creates each topic, and how an existing topic differs from that. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from pipeline.risk.account.account import SOURCES_MAX
from pipeline.streams.role_interface import changelog_name
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.catalogue import TOPICS, topic_of
from topics.topic import DAY_MS, FOREVER, Topic

__all__ = [
    "Found",
    "Planned",
    "changelog_config",
    "differences_of",
    "further_topic",
    "obstacle",
    "offsets_differences",
    "plan",
    "plan_changelog",
    "risk_changelog",
    "sources_obstacle",
]

REPLICAS_FOR_MIN_ISR_2 = 3
MINUTE_MS = 60_000
MISSING = "is missing; create it with: riskgate topics create"
CHANGELOG = {
    "cleanup.policy": "compact",
    "max.message.bytes": str(8 * 1_048_576),
    # Short segments and an eager cleaner keep recovery short.
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    # A disk that was detached for days must still learn which keys were deleted meanwhile.
    "delete.retention.ms": str(7 * DAY_MS),
    "unclean.leader.election.enable": "false",
}


class Planned(NamedTuple):
    """A topic as riskgate creates it."""

    name: str  # With the prefix.
    topic: Topic
    partitions: int
    replicas: int
    config: Mapping[str, str]


class Found(NamedTuple):
    """A topic as the broker has it."""

    partitions: int
    replicas: int
    config: Mapping[str, str]  # In force, including the broker's defaults.


def plan(
    *, prefix: str, partitions: int, replicas: int, further: Iterable[str] = ()
) -> list[Planned]:
    """List every topic; `replicas` is what the cluster can hold; `further`: of signals, fills."""
    topics = [*TOPICS.values(), *map(further_topic, further)]
    return [
        Planned(f"{prefix}{topic.name}", topic, partitions, replicas, _config(topic, replicas))
        for topic in topics
    ]


def further_topic(name: str) -> Topic:
    """Return a further topic of signals or fills, which is like the default one."""
    return replace(topic_of(name), name=name)


def risk_changelog(settings: Settings) -> str:
    """Return the changelog of risk in this replica set."""
    return changelog_name(settings.role_group(RoleName.RISK), settings.topic("events"))


def plan_changelog(name: str, *, partitions: int, replicas: int) -> Planned:
    """Plan the changelog of risk; no role requires it, since risk can create it too."""
    topic = replace(TOPICS["account_states"], name=name, writers=(), readers=())
    return Planned(name, topic, partitions, replicas, changelog_config(replicas))


def changelog_config(replicas: int) -> dict[str, str]:
    """Return the configuration of a changelog with so many replicas."""
    return {**CHANGELOG, "min.insync.replicas": str(_min_isr(replicas))}


def differences_of(planned: Planned, found: Found | None) -> list[str]:
    """Return a sentence for each difference that riskgate cannot run with."""
    if found is None:
        return [f"{planned.name} {MISSING}"]
    sentences = [
        *_count_differences(planned, found),
        *_cleanup_differences(planned, found.config),
        *_retention_differences(planned, found.config),
        *_safety_differences(planned, found.config),
    ]
    return [f"{planned.name} {sentence}" for sentence in sentences]


def obstacle(planned: Planned, partitions: int | None) -> str | None:
    """Return why a role cannot start with this topic; `partitions` None: the topic is missing."""
    if partitions is None:
        return f"{planned.name} {MISSING}"
    sentence = _partitions_difference(planned, partitions)
    return sentence and f"{planned.name} {sentence}"


def sources_obstacle(
    planned: Iterable[Planned], counts: Mapping[str, int], *, most: int = SOURCES_MAX
) -> str | None:
    """Return why the inputs have too many partitions; counts: of each topic by its full name.

    An account keeps the last applied offset of each input partition, by which it recognizes a
    repetition, and forgets the oldest of more than `most`: a repeated fill would count twice.
    """
    inputs = [each for each in planned if each.topic.direction == "in"]
    keyed = [each.name for each in inputs if each.topic.key == "account_id"]
    total = sum(counts.get(name, 0) for name in keyed)
    if total <= most:
        return None
    return (
        f"The {len(keyed)} inputs keyed by account have {total} partitions together, but riskgate "
        f"recognizes repetitions from at most {most}: create inputs with fewer partitions"
    )


def offsets_differences(broker: int, config: Mapping[str, str]) -> list[str]:
    """Compare a broker's retention of group offsets with the retention of events."""
    minutes = int(config["offsets.retention.minutes"])
    needed = TOPICS["events"].retention_ms // MINUTE_MS
    if minutes > needed:
        return []
    sentence = f"Broker {broker} deletes group offsets after {minutes} minutes, before events "
    return [f"{sentence}expire; set offsets.retention.minutes above {needed}"]


def _config(topic: Topic, replicas: int) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "max.message.bytes": str(topic.message_bytes_max),
        "message.timestamp.type": "LogAppendTime" if topic.append_time else "CreateTime",
        "min.insync.replicas": str(_min_isr(replicas)),
        "retention.ms": str(topic.retention_ms),
        "retention.bytes": str(FOREVER),
        "unclean.leader.election.enable": "false",
        **({"segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"} if topic.compacted else {}),
    }


def _min_isr(replicas: int) -> int:
    return 2 if replicas >= REPLICAS_FOR_MIN_ISR_2 else 1


def _partitions_difference(planned: Planned, partitions: int) -> str | None:
    if not planned.topic.copartitioned or partitions == planned.partitions:
        return None
    return (
        f"has {partitions} partitions, but RISKGATE_PARTITIONS is {planned.partitions}; "
        "the count can never change: correct the setting"
    )


def _count_differences(planned: Planned, found: Found) -> list[str]:
    sentence = _partitions_difference(planned, found.partitions)
    sentences = [sentence] if sentence else []
    if found.replicas < planned.replicas:
        sentences.append(
            f"has {found.replicas} replicas, but {planned.replicas} are possible; "
            "reassign its partitions"
        )
    return sentences


def _cleanup_differences(planned: Planned, config: Mapping[str, str]) -> list[str]:
    wanted, policy = planned.config["cleanup.policy"], config["cleanup.policy"]
    if policy == wanted:
        return []
    return [f"has cleanup.policy={policy} and would lose messages; set it to {wanted}"]


def _retention_differences(planned: Planned, config: Mapping[str, str]) -> list[str]:
    if planned.topic.compacted:
        return []
    sentences = []
    kept, wanted = int(config["retention.ms"]), planned.topic.retention_ms
    if kept != FOREVER and (wanted == FOREVER or kept < wanted):
        needed = "forever" if wanted == FOREVER else f"for {wanted / DAY_MS:g} days"
        sentences.append(
            f"is kept for {kept / DAY_MS:g} days, but riskgate needs it {needed}; "
            f"set retention.ms to {wanted}"
        )
    if int(config["retention.bytes"]) != FOREVER:
        sentences.append(
            f"has retention.bytes={config['retention.bytes']} and may lose messages early; "
            "set it to -1"
        )
    return sentences


def _size_differences(planned: Planned, config: Mapping[str, str]) -> list[str]:
    wanted, taken = planned.config["max.message.bytes"], config["max.message.bytes"]
    if planned.topic.direction != "in" or int(taken) <= int(wanted):
        return []
    risk = "a batch may decompress to a thousand times its size in each reader's memory"
    return [f"has max.message.bytes={taken}, and {risk}; set it to {wanted}"]


def _safety_differences(planned: Planned, config: Mapping[str, str]) -> list[str]:
    sentences = []
    if planned.topic.append_time and config["message.timestamp.type"] != "LogAppendTime":
        sentences.append(
            f"has message.timestamp.type={config['message.timestamp.type']}, but riskgate decides "
            "by append time; set it to LogAppendTime"
        )
    sentences += [
        f"has {name}={config[name]}; set it to at least {planned.config[name]}"
        for name in ("min.insync.replicas", "max.message.bytes")
        if int(config[name]) < int(planned.config[name])
    ]
    sentences += _size_differences(planned, config)
    if config["unclean.leader.election.enable"] != "false":
        sentences.append("may elect an unclean leader; set unclean.leader.election.enable to false")
    return sentences
