"""What a sender holds back, and when it goes out."""

from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from pipeline.streams.engine import sender as sender_module
from pipeline.streams.engine.sender import Report, Sender
from tests.streams.fakes import delivered

REFUSED = b"refused"


class Outgoing:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.reports: list[Report] = []

    def produce(self, topic: str, value: bytes, *more: object) -> None:
        if value == REFUSED:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        self.values.append(value)
        self.reports.append(cast(Report, more[-1]))

    def poll(self, _: float) -> int:
        return 0


def sender_to(outgoing: Outgoing) -> Sender:
    """Return a sender that holds."""
    sender = Sender()
    sender.producer = cast(Producer, outgoing)
    sender.hold()
    return sender


def send(sender: Sender, *values: bytes) -> None:
    """Send values to one partition."""
    for value in values:
        sender.take("decisions", key=b"a", value=value, partition=0)


def test_held_messages_go_out_in_order_when_they_are_released() -> None:
    outgoing = Outgoing()
    sender = sender_to(outgoing)
    send(sender, b"1", b"2")
    assert outgoing.values == []

    sender.release()
    send(sender, b"3")

    assert outgoing.values == [b"1", b"2", b"3"]


def test_sender_goes_on_holding_when_a_checkpoint_sends_what_was_held() -> None:
    outgoing = Outgoing()
    sender = sender_to(outgoing)
    send(sender, b"1")

    sender.send_held()
    send(sender, b"2")

    assert outgoing.values == [b"1"]


def test_held_messages_go_out_when_they_take_too_much_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender_module, "HELD_BYTES_MAX", 5)
    outgoing = Outgoing()
    sender = sender_to(outgoing)

    send(sender, b"123", b"45")
    assert outgoing.values == []
    send(sender, b"6", b"7")

    assert outgoing.values == [b"123", b"45", b"6"]


def test_held_messages_never_go_out_when_they_are_dropped() -> None:
    outgoing = Outgoing()
    sender = sender_to(outgoing)
    send(sender, b"1")

    sender.drop_held()
    send(sender, b"2")
    sender.release()

    assert outgoing.values == [b"2"]


def test_nothing_counts_as_delivered_when_held_messages_cannot_all_be_sent() -> None:
    outgoing = Outgoing()
    sender = sender_to(outgoing)
    send(sender, b"1", REFUSED, b"3")

    with pytest.raises(KafkaException):
        sender.release()
    for report in outgoing.reports:  # Kafka has all that it ever took.
        report(None, delivered())

    assert outgoing.values == [b"1"]
    assert not sender.has_delivered(sender.sent_so_far())  # So nothing is committed behind it.
