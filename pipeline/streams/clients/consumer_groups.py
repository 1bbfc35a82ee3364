"""Who the members of consumer groups are, asked until Kafka has an answer."""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription

from pipeline.streams.clients.broker import Broker

__all__ = ["describe_groups"]

ANSWER_SECONDS_MAX = 10.0
ASK_AGAIN_SECONDS = 0.2
NOT_YET = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}


def describe_groups(broker: Broker, groups: Sequence[str]) -> dict[str, ConsumerGroupDescription]:
    """Describe each group. Raise BrokerError when Kafka does not within ten seconds."""
    admin = broker.admin()  # Nobody answers when it is gone before the answers are here.
    give_up_s = time.monotonic() + ANSWER_SECONDS_MAX
    with broker.sentences():
        while True:
            try:
                return _asked(admin, groups)
            except KafkaException as error:
                # A broker that has just started makes the coordinator at the first question.
                if error.args[0].code() not in NOT_YET or time.monotonic() > give_up_s:
                    raise
                time.sleep(ASK_AGAIN_SECONDS)


def _asked(admin: AdminClient, groups: Sequence[str]) -> dict[str, ConsumerGroupDescription]:
    answers = admin.describe_consumer_groups(list(groups), request_timeout=ANSWER_SECONDS_MAX)
    return {group: answer.result() for group, answer in answers.items()}
