"""Numbers and times as people read them."""

from decimal import Decimal

import pytest

from pipeline.outputs.words import age, clock, count, figure, percent, pnl, timestamp

T0_MS = 1_767_225_600_123  # 2026-01-01 00:00:00.123 UTC.


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("0.01573577514781124061940443696476286", "0.0157358"),
        ("97900.125", "97,900.1"),
        ("-97900.125", "-97,900.1"),
        ("-0.5", "-0.5"),
        ("999999.4", "999,999"),
        ("1234567.89", "1,234,568"),
        ("1E+6", "1,000,000"),
        ("50000", "50,000"),
    ],
)
def test_number_has_six_significant_digits_but_all_whole_ones_when_written(
    number: str, text: str
) -> None:
    assert figure(Decimal(number)) == text


def test_number_keeps_every_digit_when_it_must_be_exact() -> None:
    assert figure(Decimal("0.0157357751478"), exact=True) == "0.0157357751478"


def test_unknown_number_is_a_dash_when_it_is_written() -> None:
    assert (figure(None), pnl(None), percent(None)) == ("-", "-", "-")


def test_profit_carries_its_sign_when_it_is_written() -> None:
    assert [pnl(Decimal(number)) for number in (5, 0, -5)] == ["+5", "0", "-5"]


def test_ratio_is_in_percent_when_it_is_written() -> None:
    assert percent(Decimal("0.0523")) == "5.2 %"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5, "0 s"),
        (999, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1 h"),
        (200_000_000, "2 d"),
    ],
)
def test_age_is_in_its_largest_unit_when_it_is_written(ms: int, text: str) -> None:
    assert age(ms) == text


def test_time_has_its_day_only_when_that_is_not_today() -> None:
    assert timestamp(T0_MS) == "2026-01-01 00:00:00.123"
    assert clock(T0_MS, T0_MS + 1000) == "00:00:00"
    assert clock(T0_MS, T0_MS + 86_400_000) == "01-01 00:00:00"


def test_plural_follows_the_number_when_things_are_counted() -> None:
    assert [count(number, "order") for number in (0, 1, 1000)] == [
        "0 orders", "1 order", "1,000 orders",
    ]  # fmt: skip
