"""Empty the changelog of risk, whole or one partition, before its state is written again.

Apart from topic_admin.py because this deletes state, and that never does.
"""

import time

from confluent_kafka import KafkaException, TopicPartition

from pipeline.streams.admin.topic_admin import (
    await_leaders,
    create_topic,
    delete_topic,
    planned_changelog,
)
from pipeline.streams.admin.topic_configs import set_configs
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.settings import Settings

__all__ = ["empty_changelog", "recreate_changelog"]

REQUEST_SECONDS_MAX = 30
# Kafka deletes records only of a topic that is not compacted alone; nothing expires meanwhile.
DELETING = {"cleanup.policy": "compact,delete", "retention.ms": "-1"}
KEEPING = {"cleanup.policy": "compact"}
ADVICE = "check that this user may see and change its settings and delete its records"
END = -1  # Of the log, when records before an offset are deleted.


def recreate_changelog(settings: Settings) -> None:
    """Delete the changelog of risk if there is one, and create it empty.

    It has another id then, so no disk that belongs to the one before is taken for its own. Raise
    BrokerError if it cannot be deleted or created.
    """
    broker = Broker(settings)
    admin = broker.admin()
    cluster = broker.metadata(admin)
    planned = planned_changelog(settings, cluster)
    if planned.name in cluster.topics:
        delete_topic(admin, planned.name)
    give_up_s = time.monotonic() + REQUEST_SECONDS_MAX
    while not create_topic(admin, planned):  # It is still being deleted.
        if time.monotonic() > give_up_s:
            raise BrokerError(
                f"{planned.name} was deleted, and still exists {REQUEST_SECONDS_MAX} s later; "
                "check that nothing else creates it, then try again"
            )
        time.sleep(0.1)
    await_leaders(broker, admin, [planned.name])


def empty_changelog(settings: Settings, partition: int) -> None:
    """Delete all records of a partition. Raise BrokerError if they cannot be deleted.

    Its log begins at a later offset then, so a disk that ends before that is emptied, too. While
    the policy is another one no worker starts.
    """
    broker = Broker(settings)
    admin = broker.admin()
    planned = planned_changelog(settings, broker.metadata(admin))
    create_topic(admin, planned)  # It is lost altogether: then it is empty.
    await_leaders(broker, admin, [planned.name])
    set_configs(admin, {planned.name: DELETING}, advice=ADVICE)
    place = TopicPartition(planned.name, partition, END)
    give_up_s = time.monotonic() + REQUEST_SECONDS_MAX
    while True:
        try:
            admin.delete_records([place], request_timeout=REQUEST_SECONDS_MAX)[place].result()
        except KafkaException as error:
            # The leader may not know the policy yet.
            if time.monotonic() > give_up_s:
                raise _refused(planned.name, error) from error
            time.sleep(0.1)
        else:
            break
    set_configs(admin, {planned.name: KEEPING}, advice=ADVICE)


def _refused(topic: str, error: KafkaException) -> BrokerError:
    return BrokerError(f"{topic} could not be emptied ({error.args[0].str()}); {ADVICE}")
