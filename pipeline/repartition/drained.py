"""Whether a deployment is stopped and drained: nobody works, and nothing waits to be decided."""

from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from pipeline.errors import StartupError
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.consumer_groups import describe_groups
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.input_groups import OPERATORS_GROUP, inputs_of
from pipeline.streams.role_interface import Place
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings

__all__ = ["Ends", "ends_of", "replicas_of", "require_read", "require_stopped"]

ANSWER_SECONDS_MAX = 10.0
PARTIES = (*RoleName, OPERATORS_GROUP)
STOP = "stop all roles of this deployment, wait until their sessions have ended, and run it again"


class Ends(NamedTuple):
    """Where the log of a partition begins and ends."""

    begin: int
    end: int


def replicas_of(broker: Broker) -> list[str]:
    """Return the replica sets that have a group of risk, and the one of the settings."""
    admin = broker.admin()
    risk, found = broker.settings.group(RoleName.RISK), {broker.settings.replica}
    with broker.sentences():
        listed = admin.list_consumer_groups(request_timeout=ANSWER_SECONDS_MAX).result()
    for group in listed.valid:
        if group.group_id == risk:
            found.add("")
        elif group.group_id.startswith(f"{risk}."):
            found.add(group.group_id.removeprefix(f"{risk}."))
    return sorted(found)


def require_stopped(broker: Broker, replicas: Iterable[str]) -> None:
    """Raise StartupError when a role of any replica set is running."""
    groups = [
        of_set.role_group(party) for of_set in _sets(broker.settings, replicas) for party in PARTIES
    ]
    for group, found in describe_groups(broker, groups).items():
        if found.members:
            names = sorted({each.group_instance_id or each.client_id for each in found.members})
            raise StartupError(f"{', '.join(names)} is still a member of {group}; {STOP}")


def ends_of(broker: Broker, topics: Iterable[str]) -> dict[Place, Ends]:
    """Return the bounds of all partitions of these topics, aborted records included."""
    reader = Consumer(
        broker.properties(
            group_id=broker.settings.group("operator"), isolation_level="read_uncommitted"
        )
    )
    with closing(reader):
        there = broker.metadata(reader).topics
        return {
            (topic, number): Ends(
                *reader.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=ANSWER_SECONDS_MAX
                )
            )
            for topic in topics
            for number in there[topic].partitions
        }


def require_read(broker: Broker) -> None:
    """Raise StartupError when ingest has not read all inputs, or risk has not decided all events.

    The sentence says what to start again.
    """
    settings = broker.settings
    for group, topics in inputs_of(settings).items():
        _require_none_left(broker, group, topics, command="riskgate run ingest risk")
    risk = settings.role_group(RoleName.RISK)
    _require_none_left(broker, risk, [settings.topic("events")], command="riskgate run risk")


def _require_none_left(broker: Broker, group: str, topics: list[str], *, command: str) -> None:
    ends = ends_of(broker, topics)
    with closing(outsider(broker, group)) as asking:
        read = committed(asking, ends)
    left = {
        place: log.end - max(read.get(place, log.begin), log.begin) for place, log in ends.items()
    }
    behind = {place: count for place, count in left.items() if count > 0}
    if behind:
        place = min(behind)
        more = f", and {len(behind) - 1} more partitions" if len(behind) > 1 else ""
        raise StartupError(
            f"{group} has not read the last {behind[place]} offsets of {place[0]}[{place[1]}]"
            f"{more}; start {command}, wait until its lag is 0, stop it, and run this again"
        )


def _sets(settings: Settings, replicas: Iterable[str]) -> list[Settings]:
    return [settings.model_copy(update={"replica": each}) for each in replicas]
