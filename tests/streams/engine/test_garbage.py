"""What only a collector finds is found in small pieces, and all of it when nothing is owned."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from pipeline.streams.engine import garbage as garbage_module
from pipeline.streams.engine.garbage import TURNS, Garbage


class Cycle:
    """Refers to itself, so that only a collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def lost() -> "weakref.ref[Cycle]":
    return weakref.ref(Cycle())


def test_cycle_is_freed_when_some_turns_have_passed() -> None:
    garbage = Garbage(lambda: True)
    cycle = lost()

    left = []
    for _ in range(TURNS):
        left.append(cycle() is not None)
        garbage.turn()

    assert (left, cycle()) == ([True] * TURNS, None)


def test_what_lives_is_looked_at_no_more_when_it_was_seen_once() -> None:
    garbage = Garbage(lambda: True)
    kept = [Cycle() for _ in range(1000)]
    for _ in range(TURNS):
        garbage.turn()

    seen = sum(isinstance(each, Cycle) for each in gc.get_objects())

    assert (seen, len(kept)) == (0, 1000)


@pytest.mark.parametrize(("seconds", "is_freed"), [(0.0, True), (600.0, False)])
def test_everything_is_collected_when_nothing_is_owned_and_it_is_time(
    monkeypatch: pytest.MonkeyPatch, *, seconds: float, is_freed: bool
) -> None:
    monkeypatch.setattr(garbage_module, "ALL_SECONDS", seconds)
    owned = [1]
    garbage = Garbage(lambda: bool(owned))
    kept = Cycle()
    cycle = weakref.ref(kept)
    for _ in range(TURNS):
        garbage.turn()
    del kept
    for _ in range(TURNS):
        garbage.turn()
    assert cycle() is not None  # It was seen alive.

    owned.clear()
    garbage.turn()

    assert (cycle() is None) == is_freed
