"""A position is closed once it falls too far from its best mark."""

import pytest

from tests.spec.desk import MINUTE, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(("mark", "exits"), [("104.5", 0), ("104.49", 1)])
def test_long_is_closed_when_it_fell_beyond_the_ratio(mark: str, exits: int) -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.fill("buy", 10, 100)

    desk.see("110", "105", mark)

    # 110 x 0.95 is 104.5.
    assert desk.closed() == [("trailing_stop", "sell", "10")] * exits


@pytest.mark.parametrize(("mark", "exits"), [("94.5", 0), ("94.51", 1)])
def test_short_is_closed_when_it_rose_beyond_the_ratio(mark: str, exits: int) -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.fill("sell", 10, 100)

    desk.see("90", "94", mark)

    # 90 x 1.05 is 94.5.
    assert desk.closed() == [("trailing_stop", "buy", "10")] * exits


@pytest.mark.parametrize(("mark", "exits"), [("114", 0), ("113.99", 1)])
def test_best_mark_is_at_least_the_price_of_the_entry(mark: str, exits: int) -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}), mark=115)
    desk.fill("buy", 10, 120)

    desk.see(mark)

    assert len(desk.exits()) == exits


def test_best_mark_begins_anew_when_the_position_left_zero_again() -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.fill("buy", 10, 100)
    desk.see("110")
    desk.fill("sell", 10, 110)
    desk.see("100")
    desk.fill("buy", 10, 100)

    desk.see("96")

    assert desk.exits() == []


def test_best_mark_begins_anew_when_the_position_turned() -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 20, 100)

    desk.see("104", "96", "100", "100.8")
    before = desk.closed()
    desk.see("100.81")

    # Short 10: its best mark is 96, and 96 x 1.05 is 100.8.
    assert (before, desk.closed()) == ([], [("trailing_stop", "buy", "10")])


def test_best_mark_counts_when_the_rule_was_off_at_that_time() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.see("120", "110")

    desk.limits(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.see("109")

    # 120 x 0.95 is 114.
    assert desk.closed() == [("trailing_stop", "sell", "10")]


def test_ratio_of_a_trailing_stop_is_one_per_symbol() -> None:
    ratios = {"X": "0.05", "*": "0.5"}
    desk = open_desk(only(trailing_stop={"trailing_ratio": ratios}))
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 1, 100, symbol="Y")
    desk.fill("buy", 1, 100)

    desk.see("94", symbol="Y")
    desk.see("94")

    assert [row["symbol"] for row in desk.exits()] == ["X"]


def test_alert_says_how_far_it_fell_and_how_far_it_may() -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}))
    desk.fill("buy", 10, 100)

    desk.see("90")

    (alert,) = desk.alerts("trailing_stop")
    assert (alert["measured"], alert["limit"], alert["level"]) == ("0.1", "0.05", "high")


def test_nothing_is_closed_when_the_position_has_no_mark() -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.05"}), mark=None)
    desk.fill("buy", 10, 100)

    desk.wait(MINUTE)

    assert desk.exits() == []


@pytest.mark.parametrize("rule", [{}, {"trailing_ratio": "0.05", "enabled": False}], ids=str)
def test_nothing_is_closed_when_the_rule_is_unset_or_turned_off(rule: dict[str, object]) -> None:
    desk = open_desk(only(trailing_stop=rule))
    desk.fill("buy", 10, 100)

    desk.see("50")

    assert desk.exits() == []
