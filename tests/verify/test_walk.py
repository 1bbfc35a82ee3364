"""The judge is apart from the pipeline, and has to remember and to chain as risk does."""

import pytest

from pipeline.risk.account import account
from pipeline.risk.chain import chain
from pipeline.verify import walk
from tests import given
from tests.streams.fakes import source
from topics.codec import encode_event
from topics.events import SignalEvent


def test_judge_remembers_as_many_source_partitions_as_risk() -> None:
    assert walk.SOURCES_MAX == account.SOURCES_MAX


@pytest.mark.parametrize("topic", ["signals", "signals.momentum"])
def test_judge_chains_as_risk_does_when_a_topic_is_further(topic: str) -> None:
    event = SignalEvent(account_id="acct-1", source=source(topic, 7), body=given.signal())
    content = encode_event(event)

    assert walk._chain("before", content, "1000") == chain("before", content, 1000)
