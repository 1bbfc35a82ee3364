"""A batch is set aside only where it is what ended the child."""

from contextlib import closing

import pytest

from pipeline.streams.engine import guarded
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.role_interface import Place, Stopped, Unreadable
from pipeline.streams.roles.children import python_command

PLACE = ("signals", 0)


def test_nothing_is_set_aside_when_the_batch_at_the_end_of_a_child_can_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded, "_refused_size", lambda *_: None)
    monkeypatch.setattr(guarded, "find_refused", lambda *_: None)

    with pytest.raises(Stopped, match="holds nothing large"):
        guarded._find_end(PLACE, 7, {})


# A child that reads the first of its windows, then ends as if it had no memory: at once if that is
# where the batch is, else by what follows the window, which the client fetches ahead.
CHILD = """
import os, sys
import msgspec
from pipeline.streams.engine.guarded_child import TOO_LARGE, Chunk, Order, Row, _write

order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
_write(Chunk())
first = order.windows[0]
if first.topic != "bomb":
    _write(Chunk(0, first.end, [Row(first.first, None, b"row", 1, 0, None)], True))
os._exit(TOO_LARGE)
"""


# A child whose client answers late, and then ends the partition or breaks.
STRANGE = """
import sys
from confluent_kafka import KafkaError, KafkaException
from pipeline.streams.engine import guarded_child
from tests.simulation.clients.base import SimulatedMessage

class Client:
    def __init__(self, _):
        self.refusals = 2

    def list_topics(self, timeout):
        self.refusals -= 1
        if self.refusals:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    def assign(self, _):
        if sys.argv[1] == "breaks":
            raise RuntimeError("nobody expects this")

    def poll(self, _):
        return SimulatedMessage("a", 0, 1, error=KafkaError(KafkaError._PARTITION_EOF))

guarded_child.Consumer = Client
guarded_child.run()
"""


def read_strangely(how: str) -> list[Passed | Unreadable]:
    command = python_command("-c", STRANGE, how)
    with closing(GuardedReader(command, {}, {("a", 0): (0, 1)})) as reader:
        while not reader.done:
            assert reader.read(1.0) == []
    return []


def test_nothing_is_set_aside_when_a_child_breaks_for_another_reason() -> None:
    with pytest.raises(Stopped, match="ended with 1"):
        read_strangely("breaks")


def test_child_goes_on_asking_when_no_broker_answers_at_first() -> None:
    assert read_strangely("reads") == []


def read_all(*places: Place) -> list[Passed | Unreadable]:
    """Read the first offset of each place by such children."""
    command = python_command("-c", CHILD)
    found: list[Passed | Unreadable] = []
    with closing(GuardedReader(command, {}, dict.fromkeys(places, (0, 1)))) as reader:
        while not reader.done:
            found += reader.read(1.0)
    return found


def test_next_window_is_read_when_what_follows_the_first_ends_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded, "_find_end", lambda *_: 1)

    found = read_all(*((name, 0) for name in ("a", "b", "c", "bomb", "d")))

    assert [(type(each).__name__, _topic(each)) for each in found] == [
        ("Passed", "a"),
        ("Passed", "b"),
        ("Passed", "c"),
        ("Unreadable", "bomb"),
        ("Passed", "d"),
    ]


def _topic(each: Passed | Unreadable) -> str:
    return each.topic if isinstance(each, Unreadable) else each.topic()
