"""Check that the topic `events` gives its records the broker's time, which decides everything.

A record keeps the time it was written with, so writers check before they write.
"""

import logging

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from pipeline.streams.clients.broker import Broker
from pipeline.streams.role_interface import Stopped
from pipeline.streams.settings import Settings
from topics.events import TOPIC as EVENTS

__all__ = ["has_append_time", "require_append_time", "without_append_time"]

logger = logging.getLogger(__name__)

REQUEST_SECONDS_MAX = 10.0
NOT_ALLOWED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}


def require_append_time(settings: Settings) -> None:
    """Raise Stopped, before anything is written, if `events` does not use the broker's time.

    A user without the right to see the setting may start: the first delivery report shows it too.
    """
    topic = settings.topic(EVENTS.name)
    found = has_append_time(settings)
    if found is None:
        logger.warning("this user may not see the settings of %s; see: riskgate topics acls", topic)
    if found is False:
        raise without_append_time(topic)


def has_append_time(settings: Settings) -> bool | None:
    """Return whether records of `events` get the broker's time; None: no right to see it."""
    broker = Broker(settings)
    admin = broker.admin()
    with broker.sentences():
        try:
            return _timestamp_type(admin, settings.topic(EVENTS.name)) == "LogAppendTime"
        except KafkaException as error:
            if error.args[0].code() not in NOT_ALLOWED:
                raise
            return None


def without_append_time(topic: str) -> Stopped:
    """Return the error that says what is wrong and what to do."""
    return Stopped(
        f"The topic {topic} does not use LogAppendTime, but riskgate decides by append time; "
        f"set it with: kafka-configs --alter --entity-type topics --entity-name {topic} "
        "--add-config message.timestamp.type=LogAppendTime; then restart: events written meanwhile "
        "are decided at the time of the previous heartbeat"
    )


def _timestamp_type(admin: AdminClient, topic: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    answer = admin.describe_configs([resource], request_timeout=REQUEST_SECONDS_MAX)
    return str(answer[resource].result()["message.timestamp.type"].value)
