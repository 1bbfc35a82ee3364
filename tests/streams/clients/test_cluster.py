"""What a worker believes of the brokers' answers about its logs."""

from concurrent.futures import Future
from typing import NamedTuple

import pytest
from confluent_kafka import OFFSET_INVALID, TopicPartition

from pipeline.streams.clients.cluster import Bounds, Cluster

PLACE = ("events", 0)


class Offset(NamedTuple):
    """The answer for one partition."""

    offset: int


class Admin:
    """Answers each question for offsets with the next of a list."""

    def __init__(self, *offsets: int) -> None:
        self.left = list(offsets)

    def list_offsets(
        self, wanted: dict[TopicPartition, object], **_: object
    ) -> dict[TopicPartition, "Future[Offset]"]:
        """Answer at once."""
        answers = {place: Future[Offset]() for place in wanted}
        for answer in answers.values():
            answer.set_result(Offset(self.left.pop(0)))
        return answers

    def list_topics(self, **_: object) -> None:
        """Answer that all is well."""


def test_bounds_are_asked_for_again_when_a_broker_answers_without_an_offset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster("127.0.0.1:1", security={}, seconds_max=1)
    admin = Admin(OFFSET_INVALID, 3, OFFSET_INVALID, OFFSET_INVALID, 9)
    monkeypatch.setattr(cluster, "_admin", admin)

    assert cluster.bounds([PLACE]) == {PLACE: Bounds(3, 9)}
    assert admin.left == []
