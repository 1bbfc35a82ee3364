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
