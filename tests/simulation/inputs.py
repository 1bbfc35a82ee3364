"""Everybody's messages on the input topics, where ingest's and broadcast's own workers read them.

Some of what is written cannot be read.
"""

from msgspec import Struct

from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.input_groups import OPERATORS_GROUP
from pipeline.streams.role_names import RoleName
from tests.simulation.deployment import Deployment
from tests.simulation.feed import TOPICS, UNREADABLE
from topics.codec import encode, key_of
from topics.signals import TOPIC as SIGNALS

__all__ = ["Inputs"]

Ends = dict[tuple[str, int], int]
WORKERS = {RoleName.INGEST: 2, RoleName.BROADCAST: 2}


class Inputs:
    """Write messages as their senders do."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._is_closed = False
        self._workers = [
            deployment.add(role, f"{role.value}-{number}")
            for role, many in WORKERS.items()
            for number in range(many)
        ]

    def send(self, message: Struct) -> None:
        """Write a message to its topic."""
        topic = TOPICS[type(message)]
        self._append(topic.name, key_of(topic, message), encode(message))
        if self._deployment.kernel.random.random() < UNREADABLE:
            self._append(SIGNALS.name, key_of(topic, message), b"\xffnothing")

    def close(self) -> None:
        """End ingest and broadcast for good: nothing more is written to the log."""
        self._is_closed = True
        for worker in self._workers:
            worker.end()

    def ends(self) -> Ends:
        """Return where each input ends now; nothing once nobody reads them any more."""
        if self._is_closed:
            return {}
        cluster, topic = self._deployment.cluster, self._deployment.settings.topic
        names = [topic(each.name) for each in TOPICS.values() if each.name != "prices"]
        logs = [log for name in names for log in cluster.topics[name].logs]
        return {log.place: log.end for log in logs if log.end}

    def have_become_events(self, ends: Ends) -> bool:
        """Return whether ingest has committed every input up to these ends."""
        groups, settings = self._deployment.cluster.groups, self._deployment.settings
        names = [settings.role_group(name) for name in (RoleName.INGEST.value, OPERATORS_GROUP)]
        return all(
            any(groups.settled(name, place) >= end for name in names) for place, end in ends.items()
        )

    def _append(self, name: str, key: str, value: bytes) -> None:
        logs = self._deployment.cluster.topics[self._deployment.settings.topic(name)].logs
        number = partition_of(key, len(logs))
        self._deployment.append(name, number, key=key.encode(), value=value)
