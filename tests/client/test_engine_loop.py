"""What the engine on Kafka does with what it cannot read, and with errors of Kafka's client."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from msgspec.structs import replace

from riskgate import Engine
from riskgate.connection import Connection, UnavailableError
from riskgate.engine_loop import EngineLoop, _Place
from riskgate.messages import now_ms
from riskgate.writers import DeliveryError
from tests.client.test_engine import Book
from tests.demo.given_demo import approval
from topics import orders
from topics.codec import encode
from topics.decisions import Decision


class Outbox:
    """Keeps what the engine writes."""

    def __init__(self, _: Connection) -> None:
        self.statuses: list[tuple[str, str]] = []

    def send(self, _: object, message: object) -> None:
        assert isinstance(message, orders.Order)
        self.statuses.append((message.account_id, message.status))

    def poll(self) -> None:
        pass


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Let every loop write to one outbox."""
    outbox = Outbox(Connection("none", "risk.", {}))
    monkeypatch.setattr("riskgate.engine_loop.Outbox", lambda _: outbox)
    return outbox


def loop_of(venue: Book, *, resume: int = 0) -> tuple[EngineLoop, Engine]:
    """Return a loop that owns one partition, of which this much was obeyed before."""
    engine = Engine(venue)
    loop = EngineLoop(engine, Connection("none", "risk.", {}), "engines")
    loop._places[0] = _Place(resume=resume, end=resume)
    return loop, engine


def record(value: bytes, offset: int, *, key: bytes | None = b"acct") -> Message:
    found = SimpleNamespace(
        error=lambda: None,
        topic=lambda: "risk.decisions",
        partition=lambda: 0,
        offset=lambda: offset,
        key=lambda: key,
        value=lambda: value,
    )
    return cast(Message, found)


def valid(number: int, *, account: str = "acct") -> Decision:
    return replace(approval(number, account=account), valid_until_ms=now_ms() + 60_000)


def failed(error: KafkaError) -> Message:
    return cast(Message, SimpleNamespace(error=lambda: error))


def test_account_alone_is_refused_when_a_record_of_it_cannot_be_read(outbox: Outbox) -> None:
    loop, engine = loop_of(Book())

    loop._take(record(encode(valid(1)), 0))
    loop._take(record(b'{"kind":"sto', 1))
    loop._take(record(encode(valid(2)), 2))
    loop._take(record(encode(valid(3, account="other")), 3, key=b"other"))

    assert (engine.refused, loop._next) == (["acct"], {0: 4})
    assert outbox.statuses == [
        ("acct", "accepted"),
        ("acct", "cancelled"),  # Its working order, at the venue.
        ("acct", "rejected"),
        ("other", "accepted"),
    ]


def test_one_sentence_says_which_account_is_refused_and_why(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    loop, _ = loop_of(Book())

    for offset in (4, 5):
        loop._take(record(b"noise", offset))

    (sentence,) = [line.getMessage() for line in caplog.records]
    assert sentence.startswith("account acct is refused: its record risk.decisions[0] at 4 cannot")
    assert outbox.statuses == []


def test_account_stays_refused_after_a_restart_when_its_record_was_read_before(
    outbox: Outbox,
) -> None:
    venue = Book("s1")
    loop, engine = loop_of(venue, resume=2)

    loop._take(record(b"", 1))
    loop._take(record(encode(valid(2)), 2))

    assert engine.refused == ["acct"]
    assert outbox.statuses == [("acct", "rejected")]  # The engine before cancelled.


def test_account_of_a_record_without_a_key_is_read_from_its_body(outbox: Outbox) -> None:
    loop, engine = loop_of(Book())

    loop._take(record(b'{"kind":"new","account_id":"acct"}', 0, key=None))

    assert engine.refused == ["acct"]
    assert outbox.statuses == []


def test_nobody_is_refused_when_a_record_names_no_account(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    loop, engine = loop_of(Book())

    loop._take(record(b"noise", 0, key=None))

    assert (engine.refused, loop._next) == ([], {0: 1})
    assert outbox.statuses == []
    assert "names no account" in caplog.text


@pytest.mark.parametrize(
    "code", [KafkaError._FATAL, KafkaError._BAD_MSG, KafkaError.TOPIC_AUTHORIZATION_FAILED]
)
def test_engine_ends_when_its_consumer_would_wait_for_ever(outbox: Outbox, code: int) -> None:
    loop, _ = loop_of(Book())

    with pytest.raises(UnavailableError, match="cannot read decisions"):
        loop._take(failed(KafkaError(code)))

    assert outbox.statuses == []


def test_engine_goes_on_when_an_error_passes(outbox: Outbox) -> None:
    loop, _ = loop_of(Book())

    loop._take(failed(KafkaError(KafkaError._TRANSPORT)))
    loop._take(record(encode(valid(1)), 0))

    assert outbox.statuses == [("acct", "accepted")]


class Refusing(Outbox):
    """Hears a little later that a message was refused, and says so only once."""

    def __init__(self, _: Connection) -> None:
        super().__init__(_)
        self._polls = 0

    def poll(self) -> None:
        self._polls += 1
        if self._polls == 2:  # The decision was obeyed, and its report written.
            raise DeliveryError("Kafka did not accept a message (too large)")

    def flush(self) -> None:
        pass


class OneDecision:
    """A consumer that delivers one decision, and revokes its partition when it is closed."""

    def __init__(self) -> None:
        self.committed: list[int] = []
        self._revoke: Callable[..., None] = lambda *_: None

    def subscribe(self, _: object, *, on_assign: object, on_revoke: Callable[..., None]) -> None:
        self._revoke = on_revoke

    def poll(self, _: float) -> Message:
        return record(encode(valid(1)), 0)

    def commit(self, offsets: list[TopicPartition], **_: object) -> None:
        self.committed += [place.offset for place in offsets]

    def close(self) -> None:
        self._revoke(self, [])


def test_decision_is_not_committed_when_the_report_about_it_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = OneDecision()
    monkeypatch.setattr("riskgate.engine_loop.Outbox", Refusing)
    monkeypatch.setattr("riskgate.engine_loop.ends", lambda *_: None)
    monkeypatch.setattr(Connection, "consumer", lambda *_: consumer)
    loop, _ = loop_of(Book())

    with pytest.raises(DeliveryError, match="too large"):
        loop.run(threading.Event())

    assert consumer.committed == []


@pytest.mark.parametrize("which", ["committed", "offsets_for_times"])
def test_engine_ends_when_an_answer_about_its_partition_is_an_error(
    outbox: Outbox, which: str
) -> None:
    place = TopicPartition("risk.decisions", 0, -1001)
    good = SimpleNamespace(error=None, partition=0, offset=-1001)
    bad = SimpleNamespace(error=KafkaError(KafkaError.UNSTABLE_OFFSET_COMMIT), partition=0)
    answers = {"committed": good, "offsets_for_times": good} | {which: bad}
    asked = {name: lambda *_, answer=answer, **__: [answer] for name, answer in answers.items()}
    loop, _ = loop_of(Book())

    with pytest.raises(UnavailableError, match="unstable offsets"):
        loop._assign(cast(Consumer, SimpleNamespace(**asked)), [place])

    assert outbox.statuses == []
