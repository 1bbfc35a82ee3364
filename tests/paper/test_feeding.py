"""The pace of a feed: the file's own times, as fast as wanted, stamped when they are written."""

from decimal import Decimal

import pytest

from pipeline.paper import feeding
from pipeline.paper.feeding import Pace, feed_prices
from riskgate import Price

BEGAN_MS = 1_767_225_600_000
FILE = [Price(symbol="X", last=Decimal(1), as_of_ms=at_ms) for at_ms in (0, 30_000, 60_000)]


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ms = BEGAN_MS
        monkeypatch.setattr(feeding, "now_ms", lambda: self.ms)
        monkeypatch.setattr(feeding, "_wait_until", self._wait_until)

    def _wait_until(self, at_ms: int) -> None:
        self.ms = max(self.ms, at_ms)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def fed(pace: Pace) -> list[int]:
    """Return the time of each price since the beginning."""
    sent: list[Price] = []
    assert feed_prices(FILE, sent.append, pace) == 3
    return [price.as_of_ms - BEGAN_MS for price in sent]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("speed", "times"), [(1, [0, 30_000, 60_000]), (60, [0, 500, 1000])])
def test_prices_come_at_the_pace_of_the_file_when_it_has_a_speed(
    speed: int, times: list[int]
) -> None:
    assert fed(Pace(speed=Decimal(speed))) == times


def test_nobody_waits_when_all_is_written_at_once(clock: Clock) -> None:
    assert fed(Pace(at_once=True)) == [0, 0, 0]
    assert clock.ms == BEGAN_MS


@pytest.mark.usefixtures("clock")
def test_times_are_those_of_the_file_when_they_are_kept() -> None:
    kept = fed(Pace(at_once=True, keep_times=True))

    assert [at_ms + BEGAN_MS for at_ms in kept] == [0, 30_000, 60_000]
