"""How late risk is, measured on broadcast's own events."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import cast

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.streams.risk_lag import RiskLag
from pipeline.streams.settings import Settings

Answer = Future[ConsumerGroupTopicPartitions]


class Group:
    """A stand-in for the admin client: risk has committed this far in partition 0."""

    def __init__(self) -> None:
        self.committed = 0
        self.away = False

    def list_consumer_group_offsets(
        self, request: Iterable[ConsumerGroupTopicPartitions], **_: object
    ) -> dict[str, Answer]:
        answer: Answer = Future()
        if self.away:
            answer.set_exception(KafkaException("away"))
        else:
            place = TopicPartition("risk.events", 0, self.committed)
            answer.set_result(ConsumerGroupTopicPartitions("riskgate-risk", [place]))
        return {group.group_id: answer for group in request}


@pytest.fixture
def group() -> Group:
    return Group()


@pytest.fixture
def lag(group: Group) -> RiskLag:
    measured = RiskLag(Settings(), cast("AdminClient", group))
    measured.own(0)
    return measured


def ask(lag: RiskLag, *, at_s: float) -> int:
    """Ask at a moment and take the answer."""
    lag.look(at_s)
    lag.look(at_s)
    return lag.lag_ms(0)


def test_risk_is_late_by_the_age_of_the_oldest_event_when_it_committed_none(
    lag: RiskLag,
) -> None:
    lag.delivered(0, 7, 10.0)
    lag.delivered(0, 8, 10.2)

    assert ask(lag, at_s=10.5) == 500


def test_risk_is_not_late_when_it_committed_everything(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    group.committed = 8

    assert ask(lag, at_s=10.5) == 0


def test_risk_is_late_by_what_is_left_when_it_committed_a_part(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    lag.delivered(0, 8, 10.25)
    group.committed = 8

    assert ask(lag, at_s=10.5) == 250


def test_risk_looks_late_when_nobody_can_be_asked(lag: RiskLag, group: Group) -> None:
    lag.delivered(0, 7, 10.0)
    group.away = True

    assert ask(lag, at_s=11.0) == 1000


def test_lag_is_forgotten_when_the_partition_is_lost(lag: RiskLag) -> None:
    lag.delivered(0, 7, 10.0)
    lag.drop(0)

    assert ask(lag, at_s=11.0) == 0
