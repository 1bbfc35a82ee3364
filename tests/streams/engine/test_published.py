"""How much of the outputs that are published a worker reads when it takes partitions over."""

import pytest

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.engine import published
from pipeline.streams.engine.published import newest_of

ONE, OTHER = ("risk.decisions", 0), ("risk.alerts", 0)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "OUTPUTS_MAX", 100)


def test_all_outputs_are_read_when_they_are_few() -> None:
    ranges = {ONE: Bounds(10, 100), OTHER: Bounds(5, 15)}  # 90 + 10.

    assert newest_of(ranges) == (ranges, frozenset())


def test_only_the_newest_are_read_and_named_when_they_are_many() -> None:
    ranges = {ONE: Bounds(10, 101), OTHER: Bounds(5, 15)}  # 91 + 10; each has room for 50.

    newest, cut = newest_of(ranges)

    assert newest == {ONE: Bounds(51, 101), OTHER: Bounds(5, 15)}
    assert cut == {"risk.decisions"}
