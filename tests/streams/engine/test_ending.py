"""A worker that ended while its process goes on: it acts no more, or the process ends."""

import signal
import threading
from collections.abc import Callable
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, Producer

from pipeline.streams.clients.callbacks import Rebalanced
from pipeline.streams.clients.session_errors import ended
from pipeline.streams.engine import ending as ending_module
from pipeline.streams.engine.ending import Ending, ended_whole
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import SessionLost, Stopped


class _Producer:
    """Keeps what it is to send until it is purged; `stuck` messages stay."""

    def __init__(self, stuck: int = 0) -> None:
        self.sent: list[str] = []
        self.stuck = stuck

    def produce(self, topic: str, *_: object) -> None:
        self.sent.append(topic)

    def purge(self, **_: object) -> None:
        self.sent.clear()

    def poll(self, _: float) -> int:
        return 0

    def __len__(self) -> int:
        return len(self.sent) + self.stuck


class _Worker:
    def __init__(self, ending: Ending) -> None:
        self.ending = ending


def sender_of(producer: _Producer) -> Sender:
    """Return a sender with this client."""
    sender = Sender()
    sender.producer = cast(Producer, producer)
    return sender


def lost(ending: Ending) -> None:
    """Let a worker lose its session."""
    with ended_whole(_Worker(ending)):
        raise SessionLost("gone")


def waiting(over: threading.Event) -> Callable[[], None]:
    """Return a close that ends when an event is set."""

    def close() -> None:
        over.wait(10)

    return close


def nothing() -> None:
    """Do nothing."""


def test_old_worker_sends_nothing_more_once_its_session_is_lost() -> None:
    producer = _Producer()
    sender = sender_of(producer)
    sender.take("decisions", key=b"a", value=b"queued")

    with pytest.raises(SessionLost, match="gone"):
        lost(Ending([sender], nothing))

    with pytest.raises(Stopped, match="none of it was sent"):
        sender.take("decisions", key=b"a", value=b"late")
    assert producer.sent == []


def test_process_ends_when_its_client_cannot_forget_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.streams.engine.sender.PURGE_SECONDS_MAX", 0.01)

    with pytest.raises(Stopped, match="only a new process may go on") as raised:
        lost(Ending([sender_of(_Producer(stuck=1))], nothing))

    assert not isinstance(raised.value, SessionLost)


def test_new_worker_follows_while_a_call_of_the_old_one_waits_for_kafka(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ending_module, "CLOSE_SECONDS_MAX", 0.01)
    monkeypatch.setattr(ending_module, "END_SECONDS_MAX", 0.2)
    over, beats, ending = threading.Event(), [], Ending([], lambda: beats.append(1))
    ending.close(waiting(over))

    with pytest.raises(SessionLost, match="gone"):
        lost(ending)

    assert beats
    assert "left behind" in caplog.text
    over.set()


def test_no_session_follows_one_that_was_lost_while_the_process_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ending = Ending([], nothing)
    before = signal.getsignal(signal.SIGTERM)
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    try:
        ending.hear_signals()
        signal.raise_signal(signal.SIGTERM)
        lost(ending)  # Raises nothing.
    finally:
        signal.signal(signal.SIGTERM, before)

    assert told == [signal.SIGTERM]
    assert "gone. It was told to stop" in caplog.text


def test_callbacks_of_a_consumer_that_was_left_behind_touch_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending_module, "CLOSE_SECONDS_MAX", 0.01)
    monkeypatch.setattr(ending_module, "END_SECONDS_MAX", 0.01)
    revoked: list[object] = []
    over, ending = threading.Event(), Ending([], nothing)
    note: Rebalanced = lambda _, partitions: revoked.append(partitions)  # noqa: E731
    callbacks = ending.callbacks.of(note, note, note)
    ending.close(waiting(over))
    with pytest.raises(SessionLost):
        lost(ending)

    callbacks["on_revoke"](cast(Consumer, None), [])  # Once the broker is back.

    assert revoked == []
    over.set()


def test_new_worker_may_follow_once_the_thread_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending_module, "CLOSE_SECONDS_MAX", 0.01)
    over, ending = threading.Event(), Ending([], nothing)
    ending.close(waiting(over))
    threading.Timer(0.2, over.set).start()

    with pytest.raises(SessionLost, match="gone"):
        lost(ending)

    assert ending.is_over()


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._TIMED_OUT,
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError._FENCED,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.UNKNOWN_MEMBER_ID,
    ],
)
def test_new_session_mends_what_a_broker_lost(code: int) -> None:
    assert ended(KafkaError(code)) is SessionLost


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.MSG_SIZE_TOO_LARGE,
    ],
)
def test_process_ends_for_what_a_person_must_mend(code: int) -> None:
    assert ended(KafkaError(code)) is Stopped


def test_process_goes_on_to_its_end_when_its_consumer_does_not_close(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ending_module, "CLOSE_SECONDS_MAX", 0.01)
    broker_answers, closed = threading.Event(), threading.Event()

    def close() -> None:
        broker_answers.wait(10)
        closed.set()

    Ending([], nothing).close(close)

    assert not closed.is_set()
    assert "does not close" in caplog.text
    broker_answers.set()


def test_error_of_a_close_ends_the_worker() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Ending([], nothing).close(fail)


def test_close_is_awaited_when_it_comes_to_its_end() -> None:
    happened: list[str] = []

    Ending([], nothing).close(lambda: happened.append("closed"))

    assert happened == ["closed"]
