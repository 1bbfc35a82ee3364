"""Dead letters of prices: who buries them, and for how long they wait."""

import time

import pytest

from pipeline.streams.tables.reader import Refused
from pipeline.streams.tables.refused_prices import KEPT_SECONDS, RefusedPrices
from tests.streams.fakes import record
from topics.codec import DecodeError


def refused(offset: int, *, topic: str = "prices", age_s: float = 0.0) -> Refused:
    """A row that was appended so long ago."""
    at_ms = int((time.time() - age_s) * 1000)
    return Refused(
        record(f"risk.{topic}", b"?", offset=offset, at_ms=at_ms), topic, DecodeError("bad")
    )


@pytest.fixture
def prices() -> RefusedPrices:
    return RefusedPrices()


def test_letters_wait_in_order_when_partition_0_is_not_here_yet(prices: RefusedPrices) -> None:
    prices.add(refused(1))
    prices.add(refused(2))

    assert prices.take(time.monotonic(), is_ours=False) == []
    taken = prices.take(time.monotonic(), is_ours=True)

    assert [each.record.offset for each in taken] == [1, 2]
    assert prices.take(time.monotonic(), is_ours=True) == []


def test_letter_is_dropped_when_another_broadcast_had_time_to_bury_it(
    prices: RefusedPrices,
) -> None:
    prices.add(refused(1))

    assert prices.take(time.monotonic() + KEPT_SECONDS + 1, is_ours=False) == []
    assert prices.take(time.monotonic(), is_ours=True) == []


def test_history_is_not_buried_again_when_a_broadcast_starts(prices: RefusedPrices) -> None:
    prices.add(refused(1, age_s=KEPT_SECONDS + 10))
    prices.add(refused(2, age_s=KEPT_SECONDS - 10))

    taken = prices.take(time.monotonic(), is_ours=True)

    assert [each.record.offset for each in taken] == [2]


def test_instruments_are_left_to_ingest_when_they_do_not_decode(prices: RefusedPrices) -> None:
    prices.add(refused(1, topic="instruments"))

    assert prices.take(time.monotonic(), is_ours=True) == []
