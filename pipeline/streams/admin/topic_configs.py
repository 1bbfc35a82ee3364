"""Settings of topics, read and changed.

Apart from topic_admin.py because this changes topics that exist, which that never does.
"""

import time
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)

from pipeline.streams.clients.broker import BrokerError

__all__ = ["configs_of", "own_configs", "set_configs"]

REQUEST_SECONDS_MAX = 30.0
IN_FORCE_SECONDS_MAX = 30.0
OWN = ConfigSource.DYNAMIC_TOPIC_CONFIG.value


def configs_of(
    admin: AdminClient, topics: Iterable[str], *, advice: str
) -> dict[str, dict[str, str]]:
    """Return what is in force of each topic.

    advice: ends the sentence of the BrokerError that is raised when this user may not see it.
    """
    found = _described(admin, topics, advice)
    return {
        topic: {name: entry.value for name, entry in entries.items()}
        for topic, entries in found.items()
    }


def own_configs(admin: AdminClient, topic: str, *, advice: str) -> dict[str, str]:
    """Return what is set for a topic itself, not by its brokers."""
    entries = _described(admin, [topic], advice)[topic]
    return {name: entry.value for name, entry in entries.items() if entry.source == OWN}


def set_configs(
    admin: AdminClient, wanted: Mapping[str, Mapping[str, str]], *, advice: str
) -> None:
    """Set settings of topics, and wait until they are in force.

    Raise BrokerError, with the advice, when this user may not, or they do not come into force.
    """
    if not wanted:
        return
    resources = [_change(topic, values) for topic, values in wanted.items()]
    answers = admin.incremental_alter_configs(resources, request_timeout=REQUEST_SECONDS_MAX)
    for resource, answer in answers.items():
        try:
            answer.result()
        except KafkaException as error:
            raise _refused(resource.name, error, what="change", advice=advice) from error
    give_up_s = time.monotonic() + IN_FORCE_SECONDS_MAX
    while lacking := _lacking(admin, wanted, advice):
        if time.monotonic() > give_up_s:
            raise BrokerError(f"{lacking} keeps its old settings; see the brokers, and try again")
        time.sleep(0.1)


def _change(topic: str, values: Mapping[str, str]) -> ConfigResource:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in values.items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)


def _lacking(
    admin: AdminClient, wanted: Mapping[str, Mapping[str, str]], advice: str
) -> str | None:
    found = configs_of(admin, wanted, advice=advice)
    return next(
        (topic for topic, values in wanted.items() if not values.items() <= found[topic].items()),
        None,
    )


def _described(
    admin: AdminClient, topics: Iterable[str], advice: str
) -> dict[str, dict[str, ConfigEntry]]:
    asked = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    if not asked:
        return {}
    answers = admin.describe_configs(asked, request_timeout=REQUEST_SECONDS_MAX)
    found = {}
    for resource, answer in answers.items():
        try:
            found[resource.name] = answer.result()
        except KafkaException as error:
            raise _refused(resource.name, error, what="see", advice=advice) from error
    return found


def _refused(topic: str, error: KafkaException, *, what: str, advice: str) -> BrokerError:
    return BrokerError(
        f"This Kafka user may not {what} the settings of {topic} ({error.args[0].str()}); {advice}"
    )
