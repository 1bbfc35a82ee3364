"""The newest row of an account is told from one that another replica set wrote late."""

import pytest

from pipeline.streams.clients.row_ages import RowAges


@pytest.mark.parametrize(
    ("sequence", "at_ms", "is_older"),
    [
        (6, 1001, False),
        (5, 1000, False),  # Of the same event, from the other set.
        (4, 1000, True),
        (4, 999, True),
        (4, 1001, False),  # An operator started over: numbers begin again, times do not.
        (0, 2000, False),  # The account was set aside.
    ],
)
def test_row_is_older_when_neither_number_nor_time_is_later(
    sequence: int, at_ms: int, *, is_older: bool
) -> None:
    ages: RowAges[str] = RowAges()
    ages.is_older("a", sequence=5, at_ms=1000)

    assert ages.is_older("a", sequence=sequence, at_ms=at_ms) is is_older


def test_newest_row_stays_the_newest_when_older_ones_come_again() -> None:
    ages: RowAges[str] = RowAges()
    ages.is_older("a", sequence=5, at_ms=1000)

    assert ages.is_older("a", sequence=3, at_ms=900)
    assert ages.is_older("a", sequence=4, at_ms=950)


def test_any_row_is_the_newest_when_the_one_before_was_deleted() -> None:
    ages: RowAges[str] = RowAges()
    ages.is_older("a", sequence=5, at_ms=1000)

    ages.forget("a")

    assert not ages.is_older("a", sequence=3, at_ms=900)


def test_row_is_not_older_when_the_newer_one_is_of_another_account() -> None:
    ages: RowAges[str] = RowAges()
    ages.is_older("a", sequence=5, at_ms=1000)

    assert not ages.is_older("b", sequence=3, at_ms=900)
