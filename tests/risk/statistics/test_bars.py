"""Bars of a minute, and what the closed ones say: ATR and volatilities."""

from decimal import Decimal
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.risk.statistics.bars import Bars, Lengths, Seen, Statistics

MINUTE = 60_000
SHORT = Lengths(atr_periods=2, long_run_bars=2)


def after(*quotes: tuple[int, str], lengths: Lengths = SHORT) -> Statistics:
    """Take quotes of (milliseconds, price)."""
    bars = Bars(lengths)
    for as_of_ms, price in quotes:
        bars.take(Seen(Decimal(price), as_of_ms))
    return bars.statistics


def closing(*closes: object, lengths: Lengths = SHORT) -> Statistics:
    """Close one bar at each price, and open one more."""
    prices = [str(close) for close in (*closes, closes[-1])]
    quotes = [(number * MINUTE, price) for number, price in enumerate(prices)]
    return after(*quotes, lengths=lengths)


def near(number: float) -> Decimal:
    """Round a float to 12 digits."""
    return Decimal(f"{number:.12g}")


def test_nothing_is_known_when_no_bar_is_closed() -> None:
    assert after((0, "10"), (59_999, "12")) == Statistics()


def test_atr_is_unknown_when_a_bar_is_missing() -> None:
    assert closing(10).atr is None


# Bar 0 goes 10, 12, 11: range 2. Bar 1 goes 14, 13 after a close of 11: range 3.
def test_atr_is_the_mean_of_high_less_low_with_the_close_before() -> None:
    quotes = ((0, "10"), (1, "12"), (59_999, "11"), (60_000, "14"), (60_001, "13"))

    assert after(*quotes, (120_000, "13")).atr == Decimal("2.5")


# The third bar goes 13, 12 after a close of 13: range 1, so (3 + 1) / 2.
def test_atr_forgets_the_oldest_bar_when_there_are_more_than_asked() -> None:
    quotes = ((0, "10"), (1, "12"), (2, "11"), (60_000, "14"), (60_001, "13"), (120_000, "13"))

    assert after(*quotes, (120_001, "12"), (180_000, "12")).atr == Decimal(2)


# Bar 0: 9 to 13 as given, close 11. Bar 1: 12 as given to 11: (4 + 1) / 2.
def test_highs_and_lows_count_when_they_are_given() -> None:
    bars = Bars(SHORT)
    bars.take(Seen(Decimal(11), 0, Decimal(13), Decimal(9)))
    bars.take(Seen(Decimal(11), MINUTE, Decimal(12), None))
    bars.take(Seen(Decimal(11), 2 * MINUTE))

    assert bars.statistics.atr == Decimal("2.5")


def test_price_counts_when_the_given_high_and_low_do_not_hold_it() -> None:
    bars = Bars(Lengths(atr_periods=1))
    bars.take(Seen(Decimal(11), 0, Decimal(10), Decimal(10)))
    bars.take(Seen(Decimal(11), MINUTE))

    assert bars.statistics.atr == Decimal(1)


def test_quote_changes_no_closed_bar_when_it_comes_late() -> None:
    in_time = [(0, "10"), (MINUTE, "11"), (2 * MINUTE, "12"), (3 * MINUTE, "13")]

    assert after(*in_time[:3], (MINUTE, "99"), in_time[3]) == after(*in_time)


def test_quiet_minutes_have_no_bar_when_nothing_came() -> None:
    gapless = closing(10, 11, 12)
    quotes = ((0, "10"), (5 * MINUTE, "11"), (99 * MINUTE, "12"), (100 * MINUTE, "12"))

    assert after(*quotes) == gapless


def test_ewma_is_the_size_of_the_return_when_there_is_one() -> None:
    assert closing(100).ewma is None
    assert closing(100, 110).ewma == near(log(1.1))


def test_ewma_starts_at_the_first_squared_return_when_more_follow() -> None:
    first, second, third = log(1.1) ** 2, log(0.9) ** 2, log(1.02) ** 2

    ewma = closing(100, 110, 99, "100.98").ewma

    assert ewma == near(sqrt(0.94 * (0.94 * first + 0.06 * second) + 0.06 * third))


# Two returns a and b deviate from their mean by half their difference.
def test_long_run_is_the_standard_deviation_when_there_are_returns_enough() -> None:
    assert closing(100, 110).long_run is None
    assert closing(100, 110, 99).long_run == near(log(1.1 / 0.9) / 2)


def test_long_run_forgets_the_oldest_return_when_there_are_more_than_asked() -> None:
    assert closing(7, 100, 110, 99).long_run == closing(100, 110, 99).long_run


def test_volatility_is_zero_when_no_price_moves() -> None:
    assert closing(100, 100, 100) == Statistics(Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.parametrize("price", ["0", "-37"])
def test_volatility_begins_anew_when_a_price_has_no_logarithm(price: str) -> None:
    told = closing(100, 110, 99, price, 100)

    assert (told.ewma, told.long_run) == (None, None)
    assert closing(100, 110, 99, price, 100, 110).ewma == near(log(1.1))


RETURNS = st.lists(st.floats(-0.05, 0.05), min_size=30, max_size=60)


@over(moves=RETURNS)
@settings(max_examples=50, deadline=None)
def test_numbers_are_those_of_numpy(moves: list[float]) -> None:
    closes = [f"{100 * exp(sum(moves[:count])):.6f}" for count in range(len(moves) + 1)]
    returns = np.diff(np.log(np.array(closes, dtype=float)))
    variance = returns[0] ** 2
    for value in returns[1:]:
        variance = 0.94 * variance + 0.06 * value**2

    told = closing(*closes, lengths=Lengths(atr_periods=14, long_run_bars=20))

    ranges = np.abs(np.diff(np.array(closes, dtype=float)))[-14:]
    assert float(told.atr or 0) == pytest.approx(ranges.mean(), rel=1e-9)
    assert float(told.ewma or 0) == pytest.approx(np.sqrt(variance), rel=1e-9, abs=1e-12)
    assert float(told.long_run or 0) == pytest.approx(returns[-20:].std(), rel=1e-6, abs=1e-12)


@over(moves=st.lists(st.integers(-500, 500), min_size=600, max_size=620))
@settings(max_examples=5, deadline=None)
def test_numbers_ignore_the_start_when_the_series_is_long(
    moves: list[int],
) -> None:
    prices = [10_000 + move for move in moves]
    lengths = Lengths(atr_periods=14, long_run_bars=100)

    whole, late = closing(*prices, lengths=lengths), closing(*prices[100:], lengths=lengths)

    assert (late.atr, late.long_run) == (whole.atr, whole.long_run)
    assert float(late.ewma or 0) == pytest.approx(float(whole.ewma or 0), rel=2e-12)
