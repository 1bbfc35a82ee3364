"""An answer about a partition may be an error, and must not pass for "there is no offset"."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from pipeline.streams.clients.consumer_errors import require_answers

GOOD = cast(TopicPartition, SimpleNamespace(topic="a", partition=0, offset=5, error=None))
NONE = cast(TopicPartition, SimpleNamespace(topic="a", partition=1, offset=-1001, error=None))
BAD = cast(
    TopicPartition,
    SimpleNamespace(
        topic="a", partition=2, offset=-1001, error=KafkaError(KafkaError.REQUEST_TIMED_OUT)
    ),
)


def test_answers_pass_when_a_partition_has_no_offset() -> None:
    assert require_answers([GOOD, NONE]) == [GOOD, NONE]


def test_an_answer_raises_when_its_partition_has_an_error() -> None:
    with pytest.raises(KafkaException, match="REQUEST_TIMED_OUT"):
        require_answers([GOOD, BAD])
