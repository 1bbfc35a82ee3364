"""Watches believe a loss once marks confirm it; the gate believes the newest mark at once."""

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import only

WATCHES = [
    ("daily_loss", "daily_loss_ratio_max"),
    ("drawdown", "drawdown_ratio_max"),
    ("weekly_loss", "weekly_loss_ratio_max"),
]


def long_desk(
    rule: str = "drawdown", parameter: str = "drawdown_ratio_max", **more: object
) -> Desk:
    """Return a desk of 10 000 that holds 10 bought at 100 and may lose 5 %."""
    desk = open_desk(only(**{rule: {parameter: "0.05", **more}}))
    desk.fill("buy", 10, 100)
    return desk


def show(desk: Desk, *marks: object, every_ms: int = 100) -> list[int]:
    """Show marks one by one; return how many stops there were after each."""
    counts = []
    for mark in marks:
        desk.wait(every_ms)
        desk.price(str(mark))
        desk.signal("hold")
        counts.append(len(desk.stops()))
    return counts


@pytest.mark.parametrize(("rule", "parameter"), WATCHES)
def test_nothing_stops_when_a_single_mark_was_bad(rule: str, parameter: str) -> None:
    desk = long_desk(rule, parameter)

    assert show(desk, 100, 100, 1, 100) == [0, 0, 0, 0]
    assert desk.state()["trading_state"] == "active"


@pytest.mark.parametrize(("rule", "parameter"), WATCHES)
def test_stop_comes_with_the_third_bad_mark(rule: str, parameter: str) -> None:
    desk = long_desk(rule, parameter)

    counts = show(desk, 100, 1, 1, 1)

    assert [count > 0 for count in counts] == [False, False, False, True]
    assert desk.stops()[0] == (rule, "triggered")


def test_short_position_is_valued_at_the_lowest_of_its_last_marks() -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}))
    desk.fill("sell", 10, 100)

    counts = show(desk, 100, 999, 100, 999, 999, 999)

    assert [count > 0 for count in counts] == [False] * 5 + [True]


@pytest.mark.parametrize(("gap_ms", "stopped"), [(999, False), (1000, True)])
def test_second_bad_mark_suffices_when_the_good_one_is_old(
    gap_ms: int,
    stopped: bool,  # noqa: FBT001 - A table's column.
) -> None:
    desk = long_desk()
    show(desk, 100, 1)

    counts = show(desk, 1, every_ms=gap_ms)

    assert (counts[-1] > 0) == stopped


def test_stop_comes_when_nothing_follows_the_second_bad_mark() -> None:
    desk = long_desk()
    show(desk, 100, 1, 1)

    desk.wait(2 * SECOND)

    assert desk.stops()[0] == ("drawdown", "triggered")


def test_nothing_stops_when_the_only_bad_mark_is_followed_by_nothing() -> None:
    desk = long_desk()
    show(desk, 100, 1)

    desk.wait(30 * SECOND)

    assert desk.stops() == []
    assert desk.state()["drawdown_ratio"] == "0.099"


def test_every_newer_price_is_read_while_a_breach_waits_to_be_confirmed() -> None:
    desk = long_desk()
    show(desk, 100, 1)

    desk.wait(SECOND)
    desk.price("1.0001")
    desk.wait(SECOND)

    assert desk.stops()[0] == ("drawdown", "triggered")


def test_price_of_its_own_fill_begins_the_list_of_a_new_position() -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}), mark=1)

    desk.fill("buy", 10, 100)
    first = len(desk.stops())
    counts = show(desk, 1, 1)

    # 100 of the fill and 1 at it; then the second and the third bad mark.
    assert (first, [count > 0 for count in counts]) == (0, [False, True])


def test_fills_of_a_held_position_do_not_begin_the_list_again() -> None:
    desk = long_desk()
    show(desk, 100, 1, 1)

    desk.fill("buy", 1, 1)
    counts = show(desk, 1)

    assert counts[-1] > 0


def test_same_quote_counts_once_however_often_it_comes() -> None:
    desk = long_desk()
    show(desk, 100, 1)

    for _ in range(5):
        desk.signal("hold")

    assert desk.stops() == []


@pytest.mark.parametrize(("rule", "parameter"), WATCHES)
def test_realized_loss_stops_at_once(rule: str, parameter: str) -> None:
    desk = long_desk(rule, parameter)

    desk.fill("sell", 10, "49.99")

    assert desk.stops()[0] == (rule, "triggered")


@pytest.mark.parametrize(("rule", "parameter"), WATCHES)
def test_nothing_stops_when_the_realized_loss_is_at_its_limit(rule: str, parameter: str) -> None:
    desk = long_desk(rule, parameter)

    desk.fill("sell", 10, 50)

    assert desk.stops() == []


def test_gate_rejects_at_once_and_the_stop_follows_when_confirmed() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_ratio_max": "0.02"}))
    desk.lose(150)
    desk.fill("buy", 10, 100)

    # Realized -150; unrealized -50, and then -50.01.
    show(desk, "95", "95", "95")
    at_limit = desk.signal("buy", 1, limit_price="95"), desk.stops()
    desk.order(at_limit[0]["signal_id"], "rejected")
    show(desk, "94.999")
    above = desk.signal("buy", 1, limit_price="95"), desk.stops()
    show(desk, "94.999", "94.999")

    assert (at_limit[0]["verdict"], at_limit[1]) == ("approved", [])
    assert (above[0]["reasons"], above[1]) == (["daily_loss"], [])
    assert desk.stops()[0] == ("daily_loss", "triggered")


def test_other_number_of_marks_counts_when_limits_set_it() -> None:
    rules = only(drawdown={"drawdown_ratio_max": "0.05"})
    desk = open_desk(rules | {"confirmation": {"confirm_marks": 2, "confirm_ms": 60_000}})
    desk.fill("buy", 10, 100)

    counts = show(desk, 100, 1, 1)

    assert [count > 0 for count in counts] == [False, False, True]


def test_one_mark_is_enough_when_limits_say_so() -> None:
    rules = only(drawdown={"drawdown_ratio_max": "0.05"})
    desk = open_desk(rules | {"confirmation": {"confirm_marks": 1}})
    desk.fill("buy", 10, 100)

    assert show(desk, 1)[0] > 0


def test_stop_comes_with_the_fill_when_one_mark_suffices() -> None:
    rules = only(drawdown={"drawdown_ratio_max": "0.05"})
    desk = open_desk(rules | {"confirmation": {"confirm_marks": 1}}, mark=40)

    desk.fill("buy", 10, 100)

    # The list starts with the fill's 100 and the mark of 40, and of one mark it is the last.
    assert desk.stops()[0] == ("drawdown", "triggered")


def test_stale_mark_still_values_the_position_for_the_watch() -> None:
    desk = long_desk()
    show(desk, 1, 1)
    desk.wait(0)

    desk.fill("sell", 1, 40)
    desk.wait(100 * SECOND)

    assert desk.stops()[0] == ("drawdown", "triggered")


def test_watch_is_suspended_when_a_position_never_had_a_mark() -> None:
    desk = long_desk()
    desk.instrument("Y")
    desk.fill("buy", 1, 1, symbol="Y")

    show(desk, 1, 1, 1, 1)

    assert desk.stops() == []
