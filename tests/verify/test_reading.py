"""The judge reads a log to its end, whatever the client says of ends and however late."""

import sys
from collections import deque
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, TopicPartition

from pipeline.replay.memory import MemoryStore
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.settings import Settings
from pipeline.verify import kafka
from pipeline.verify.invariants import GRACE_MS
from pipeline.verify.lost_inputs import Committed, LostInputs
from pipeline.verify.records import EVENTS, OUTPUTS
from tests.simulation.clients.base import SimulatedMessage
from tests.verify.recorded import Recording

END = 2  # Of every topic.
EOF = KafkaError(KafkaError._PARTITION_EOF)


def record(topic: str, offset: int, value: bytes = b"no event", at_ms: int = 0) -> SimulatedMessage:
    time = TIMESTAMP_LOG_APPEND_TIME, at_ms
    return SimulatedMessage(f"risk.{topic}", 0, offset, value=value, time=time)


def end(topic: str, offset: int | None = None) -> SimulatedMessage:
    return SimulatedMessage(f"risk.{topic}", 0, END if offset is None else offset, error=EOF)


class Told:
    """A consumer that tells what a test gives it, and then nothing more."""

    def __init__(self, *messages: SimulatedMessage) -> None:
        self._messages = deque(messages)

    def poll(self, timeout: float) -> SimulatedMessage | None:
        return self._messages.popleft() if self._messages else None

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, END

    def assign(self, places: list[TopicPartition]) -> None: ...


@pytest.fixture
def told_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka.KafkaReading, "_decided", lambda _: [0])
    monkeypatch.setattr(kafka, "begun_before", lambda *_: (MemoryStore(), None))
    monkeypatch.setattr(LostInputs, "committed", lambda _: Committed({}, {}))
    monkeypatch.setattr(kafka, "SILENT_SECONDS_MAX", 0.05)
    monkeypatch.setattr(kafka, "BATCH", 1)  # As when the judge lags behind the client.


def reading_of(
    monkeypatch: pytest.MonkeyPatch, *messages: SimulatedMessage, grace_ms: int = GRACE_MS
) -> kafka.KafkaReading:
    monkeypatch.setattr(kafka, "operator_reader", lambda *_, **__: Told(*messages))
    broker = SimpleNamespace(settings=Settings(), partitions=lambda *_: [1])
    stretch = kafka.Stretch(replay=False, grace_ms=grace_ms)
    return kafka.KafkaReading(cast(Broker, broker), stretch)


def events_judged(monkeypatch: pytest.MonkeyPatch, *messages: SimulatedMessage) -> int:
    """Follow until stopped at once; the messages are in the client's queue by then."""
    reading = reading_of(monkeypatch, *messages)
    list(reading.follow(lambda: True))
    return reading.judges[0].counts[EVENTS]


@pytest.mark.usefixtures("told_slowly")
def test_what_came_behind_an_end_is_read_when_following_was_stopped_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outputs = [end(topic) for topic in OUTPUTS]
    queued = [end(EVENTS, 0), *outputs, record(EVENTS, 0), record(EVENTS, 1)]

    assert events_judged(monkeypatch, *queued) == 2


@pytest.mark.usefixtures("told_slowly")
def test_log_is_read_when_its_last_record_is_a_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [end(topic) for topic in OUTPUTS]

    assert events_judged(monkeypatch, record(EVENTS, 0), end(EVENTS), *outputs) == 1


@pytest.mark.usefixtures("told_slowly")
def test_half_a_log_is_not_judged_when_kafka_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokerError, match="did not answer"):
        events_judged(monkeypatch, record(EVENTS, 0), *(end(topic) for topic in OUTPUTS))


@pytest.mark.usefixtures("told_slowly")
@pytest.mark.parametrize(("grace_ms", "late"), [(3000, {"s1", "s2", "s3"}), (GRACE_MS, set())])
def test_signal_is_late_only_when_its_grace_has_passed(
    monkeypatch: pytest.MonkeyPatch, grace_ms: int, late: set[str]
) -> None:
    events = Recording().records[EVENTS]
    monkeypatch.setattr(sys.modules[__name__], "END", len(events))
    told = [record(EVENTS, each.offset, each.value, each.timestamp_ms) for each in events]

    reading = reading_of(monkeypatch, *told, *map(end, OUTPUTS), grace_ms=grace_ms)

    found = {each.found.split()[1] for each in reading.follow(lambda: True)}
    assert found == late
