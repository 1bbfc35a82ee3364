"""Create missing topics, and compare existing ones with what riskgate needs."""

import time
from collections.abc import Collection, Mapping

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)

from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.topic_plan import (
    Found,
    Planned,
    differences_of,
    obstacle,
    offsets_differences,
    plan,
    plan_changelog,
    risk_changelog,
    sources_obstacle,
)
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.origins import ORIGIN
from topics.topic import Topic

__all__ = [
    "await_leaders",
    "create_missing",
    "create_topic",
    "delete_topic",
    "differences",
    "planned_changelog",
    "require_topics",
]

REQUEST_SECONDS_MAX = 30
LEADERS_SECONDS_MAX = 30.0
ANSWER_SECONDS_MAX = 5.0


def create_missing(settings: Settings) -> list[str]:
    """Create every missing topic, including risk's changelog, and return the names.

    Raise BrokerError if one cannot be created or has no leader half a minute later.
    """
    broker = Broker(settings)
    admin = broker.admin()
    cluster = broker.metadata(admin)
    _require_finished(settings, cluster)
    planned_topics = [*_plan(settings, cluster), planned_changelog(settings, cluster)]
    missing = [topic for topic in planned_topics if topic.name not in cluster.topics]
    created = [topic.name for topic in missing if create_topic(admin, topic)]
    # Brokers answer before all of them know the topic; the next client could miss it.
    await_leaders(broker, admin, [topic.name for topic in planned_topics])
    return created


def _require_finished(settings: Settings, cluster: ClusterMetadata) -> None:
    """Raise BrokerError while state is being carried over: with `events`, roles would start."""
    there = cluster.topics
    if settings.topic(ORIGIN) in there and settings.topic("events") not in there:
        raise BrokerError(
            f"Accounts are being carried over to {settings.topic_prefix}…: finish that with "
            "riskgate repartition, under the settings of the old topics; it makes all topics"
        )


def differences(settings: Settings) -> list[str]:
    """Return a sentence for each setting of topics or brokers that riskgate cannot work with."""
    broker = Broker(settings)
    admin = broker.admin()
    cluster = broker.metadata(admin)
    planned_topics = [*_plan(settings, cluster), planned_changelog(settings, cluster)]
    with broker.sentences():
        found = _found(admin, cluster, names={planned.name for planned in planned_topics})
        brokers = {node: _broker_config(admin, node) for node in sorted(cluster.brokers)}
    of_topics = [
        sentence
        for planned in planned_topics
        for sentence in differences_of(planned, found.get(planned.name))
    ]
    of_brokers = [
        sentence
        for node, config in brokers.items()
        for sentence in offsets_differences(node, config)
    ]
    of_sources = sources_obstacle(planned_topics, _counts(cluster))
    return of_topics + of_brokers + ([of_sources] if of_sources else [])


def require_topics(settings: Settings, roles: Collection[RoleName]) -> None:
    """Raise BrokerError unless the topics of these roles exist and fit.

    Needs no access beyond what the roles have anyway.
    """
    broker = Broker(settings)
    cluster = broker.metadata(broker.admin())
    planned_topics, counts = _plan(settings, cluster), _counts(cluster)
    used = [planned for planned in planned_topics if _is_used(planned.topic, roles)]
    obstacles = [obstacle(planned, counts.get(planned.name)) for planned in used]
    obstacles.append(sources_obstacle(planned_topics, counts))
    found = [sentence for sentence in obstacles if sentence]
    if found:
        more = f" (and {len(found) - 1} more: riskgate topics check)" if len(found) > 1 else ""
        raise BrokerError(f"{found[0]}{more}")


def _counts(cluster: ClusterMetadata) -> dict[str, int]:
    return {name: len(topic.partitions) for name, topic in cluster.topics.items()}


def _is_used(topic: Topic, roles: Collection[RoleName]) -> bool:
    return any(party in roles for party in (*topic.writers, *topic.readers))


def _plan(settings: Settings, cluster: ClusterMetadata) -> list[Planned]:
    return plan(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        replicas=_replicas(settings, cluster),
        further=settings.further_topics,
    )


def planned_changelog(settings: Settings, cluster: ClusterMetadata) -> Planned:
    """Return how the changelog of risk is created."""
    return plan_changelog(
        risk_changelog(settings),
        partitions=settings.partitions,
        replicas=_replicas(settings, cluster),
    )


def _replicas(settings: Settings, cluster: ClusterMetadata) -> int:
    return min(settings.replication_factor, len(cluster.brokers))


def create_topic(admin: AdminClient, planned: Planned) -> bool:
    """Create a topic; return False if it exists. Raise BrokerError if it cannot be created."""
    new = NewTopic(
        planned.name,
        num_partitions=planned.partitions,
        replication_factor=planned.replicas,
        config=dict(planned.config),
    )
    try:
        admin.create_topics([new], operation_timeout=REQUEST_SECONDS_MAX)[planned.name].result()
    except KafkaException as error:
        # Another process may have created it meanwhile.
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise BrokerError(
            f"{planned.name} could not be created ({error.args[0].str()}); "
            "check that this user may create topics"
        ) from error
    return True


def delete_topic(admin: AdminClient, name: str) -> None:
    """Delete a topic. Raise BrokerError if it cannot be deleted."""
    try:
        admin.delete_topics([name], operation_timeout=REQUEST_SECONDS_MAX)[name].result()
    except KafkaException as error:
        raise BrokerError(
            f"{name} could not be deleted ({error.args[0].str()}); "
            "check that this user may delete it"
        ) from error


def await_leaders(broker: Broker, admin: AdminClient, names: list[str]) -> None:
    """Wait until every partition of these topics has a leader that answers."""
    give_up_s = time.monotonic() + LEADERS_SECONDS_MAX
    while lacking := _lacking(broker.metadata(admin), admin, names):
        if time.monotonic() > give_up_s:
            more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
            raise BrokerError(
                f"{lacking[0]}{more} was created, but has no leader after "
                f"{LEADERS_SECONDS_MAX:g} s; check that all brokers run, then try again"
            )
        time.sleep(0.1)


def _lacking(cluster: ClusterMetadata, admin: AdminClient, names: list[str]) -> list[str]:
    """Return the topics that are unknown to a broker or have a leader that does not answer."""
    unknown = [
        name
        for name in names
        if name not in cluster.topics
        or not cluster.topics[name].partitions
        or any(partition.leader < 0 for partition in cluster.topics[name].partitions.values())
    ]
    if unknown:
        return unknown
    places = [TopicPartition(name, n) for name in names for n in cluster.topics[name].partitions]
    answers = admin.list_offsets(
        {place: OffsetSpec.latest() for place in places}, request_timeout=ANSWER_SECONDS_MAX
    )
    return [place.topic for place, answer in answers.items() if answer.exception() is not None]


def _found(admin: AdminClient, cluster: ClusterMetadata, *, names: set[str]) -> dict[str, Found]:
    topics = [topic for name, topic in cluster.topics.items() if name in names]
    configs = _configs(admin, [ConfigResource("topic", topic.topic) for topic in topics])
    return {
        topic.topic: Found(
            partitions=len(topic.partitions),
            replicas=min(len(partition.replicas) for partition in topic.partitions.values()),
            config=configs[topic.topic],
        )
        for topic in topics
    }


def _broker_config(admin: AdminClient, node: int) -> Mapping[str, str]:
    return _configs(admin, [ConfigResource("broker", str(node))])[str(node)]


def _configs(admin: AdminClient, resources: list[ConfigResource]) -> dict[str, Mapping[str, str]]:
    if not resources:
        return {}
    answers = admin.describe_configs(resources, request_timeout=REQUEST_SECONDS_MAX)
    return {
        resource.name: {name: entry.value for name, entry in answer.result().items()}
        for resource, answer in answers.items()
    }
