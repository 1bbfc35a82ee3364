"""What a client says when Kafka does not let it see or read a topic."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError

from riskgate.conformance.kafka_stage import KafkaStage
from riskgate.connection import Connection, UnavailableError, ends

ACLS = "riskgate topics acls"
HIDDEN = f"This Kafka user may not see risk.decisions; give it the rights that {ACLS} prints"


class Refusing:
    """A consumer that Kafka answers with an error."""

    def __init__(self, code: int) -> None:
        self._error = KafkaError(code)

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=self._error, partitions={})})

    def poll(self, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(error=lambda: self._error, topic=lambda: "risk.orders")


def stage(code: int) -> KafkaStage:
    """Return a stage in front of such a consumer, without asking Kafka."""
    made = KafkaStage.__new__(KafkaStage)
    made._consumer = cast(Consumer, Refusing(code))
    made.written = []
    return made


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            HIDDEN,
        ),
        (
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            "The topic risk.decisions is missing; create it with: riskgate topics create",
        ),
    ],
)
def test_topic_is_said_to_be_hidden_or_missing_when_it_cannot_be_seen(
    code: int, sentence: str
) -> None:
    consumer = cast(Consumer, Refusing(code))

    with pytest.raises(UnavailableError) as raised:
        ends(consumer, Connection("kafka:9092", "risk.", {}), "decisions")

    assert str(raised.value) == sentence


def test_engine_is_not_blamed_when_what_it_writes_cannot_be_read() -> None:
    with pytest.raises(UnavailableError, match=r"to risk\.orders cannot be read"):
        stage(KafkaError.TOPIC_AUTHORIZATION_FAILED).wait(lambda: False, 10_000)


def test_stage_goes_on_waiting_when_its_group_alone_is_refused() -> None:
    refused = stage(KafkaError.GROUP_AUTHORIZATION_FAILED)

    refused.wait(lambda: False, 20)

    assert refused.written == []
