"""The paper market does not begin on an answer of Kafka that is an error."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import KafkaError, TopicPartition

from pipeline.paper.quotes import KafkaMarket
from riskgate.connection import Connection, UnavailableError


class Refusing:
    """A consumer of topics with one partition; no time can be looked up."""

    def __init__(self) -> None:
        self.assigned: list[TopicPartition] = []
        self.closed = False

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, 10

    def offsets_for_times(self, _asked: object, timeout: float) -> list[SimpleNamespace]:
        return [SimpleNamespace(offset=-1, error=KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))]

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    def close(self) -> None:
        self.closed = True


def test_market_does_not_begin_when_a_partition_answers_with_an_error() -> None:
    consumer = Refusing()
    connection = SimpleNamespace(
        brokers="kafka:9092", topic=lambda name: f"risk.{name}", consumer=lambda _group: consumer
    )
    market = KafkaMarket(cast(Connection, connection), age_ms_max=1000)

    with pytest.raises(UnavailableError, match="kafka:9092"), market:
        pass

    assert (consumer.assigned, consumer.closed) == ([], True)
