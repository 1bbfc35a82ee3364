"""Watches believe a rate once further values of it agree; the gate believes the newest at once."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import only

# Of 10 000 dollars: each allows to fall to 9500.
WATCHES: list[dict[str, Any]] = [
    {"daily_loss": {"daily_loss_ratio_max": "0.05"}},
    {"weekly_loss": {"weekly_loss_ratio_max": "0.05"}},
    {"drawdown": {"drawdown_ratio_max": "0.05"}},
    {"balance_floor": {"balance_ratio_min": "0.95"}},
]


def euro_desk(*groups: Any, mark: str = "4.9", **rules: Any) -> Desk:
    """Return a desk of 10 000 dollars that bought 1000 of E at 5 euros, with a rate of 1.1."""
    document = only(**rules)
    for group in groups:
        document |= group
    desk = open_desk(document)
    desk.instrument("EURUSD", base_currency="EUR", tick_size="0.0001")
    desk.instrument("E", settlement_currency="EUR")
    desk.price("1.1", "EURUSD")
    desk.fill("buy", 1000, 5, symbol="E")
    for _ in range(3):  # So that the price of the fill confirms nothing any more.
        desk.price(mark, "E")
        desk.signal("hold", symbol="E")
    return desk


def show(desk: Desk, *rates: object, every_ms: int = 100) -> list[bool]:
    """Show rates one by one; return whether the account was stopped after each."""
    stopped = []
    for rate in rates:
        desk.wait(every_ms)
        desk.price(str(rate), "EURUSD")
        desk.signal("hold", symbol="E")
        stopped.append(desk.stops() != [])
    return stopped


@pytest.mark.parametrize("rules", WATCHES, ids=lambda rules: next(iter(rules)))
def test_nothing_stops_when_a_single_rate_was_bad(rules: dict[str, Any]) -> None:
    desk = euro_desk(**rules)

    # 1000 x -0.1 x 11 is a loss of 1100.
    assert show(desk, "1.1", 11, "1.1") == [False, False, False]
    assert desk.state()["trading_state"] == "active"


@pytest.mark.parametrize("rules", WATCHES, ids=lambda rules: next(iter(rules)))
def test_stop_comes_with_the_third_bad_rate(rules: dict[str, Any]) -> None:
    desk = euro_desk(**rules)

    assert show(desk, "1.1", 11, 11, 11) == [False, False, False, True]
    assert desk.stops()[0] == (next(iter(rules)), "triggered")


@pytest.mark.parametrize(("gap_ms", "stopped"), [(999, False), (1000, True)])
def test_second_bad_rate_suffices_when_the_good_one_is_old(
    gap_ms: int,
    stopped: bool,  # noqa: FBT001 - A table's column.
) -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    show(desk, "1.1", 11)

    assert show(desk, 11, every_ms=gap_ms) == [stopped]


def test_stop_comes_when_nothing_follows_the_second_bad_rate() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    show(desk, "1.1", 11, 11)

    desk.wait(2 * SECOND)

    assert desk.stops()[0] == ("drawdown", "triggered")


def test_same_rate_counts_once_however_often_it_comes() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    show(desk, "1.1", 11)

    for _ in range(5):
        desk.signal("hold", symbol="E")

    assert desk.stops() == []


def test_other_number_of_values_counts_when_limits_set_it() -> None:
    confirmation = {"confirmation": {"confirm_marks": 1}}
    desk = euro_desk(confirmation, drawdown={"drawdown_ratio_max": "0.05"})

    assert show(desk, 11) == [True]


def test_gate_believes_a_bad_rate_at_once() -> None:
    desk = euro_desk(daily_loss={"daily_loss_ratio_max": "0.05"})
    show(desk, 11)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["daily_loss"]
    assert numbers_of(decision, "daily_loss")[1] == "1100"
    assert desk.state()["equity"] == "8900"


@pytest.mark.parametrize(
    ("rates", "peak"), [((11, "1.1"), "10110"), ((11, 11), "10110"), ((11, 11, 11), "11100")]
)
def test_peak_follows_the_most_cautious_of_the_last_rates(
    rates: tuple[object, ...], peak: str
) -> None:
    desk = euro_desk(mark="5.1")

    show(desk, *rates)

    # 1000 x 0.1 at 1.1, and at 11 once three values agree.
    assert desk.state()["peak_equity"] == peak


def test_one_rate_counts_for_everything_held_in_its_currency() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    desk.instrument("F", settlement_currency="EUR")
    desk.price("5.2", "F")
    desk.fill("buy", 1000, 5, symbol="F")

    stopped = show(desk, "1.1", 11, "0.1", "0.1", "0.1")

    # -100 and +200 euros: 100 in all, which at 11 for the one and 0.1 for the other would be worse
    # than any of them; from 10 110 to 10 010 is no fall of 5 %.
    assert stopped == [False] * 5
    assert desk.state()["equity"] == "10010"


@pytest.mark.parametrize(("rate", "stopped"), [("6", [False] * 3), ("6.01", [False, False, True])])
def test_loss_of_a_rate_is_measured_at_its_most_favourable_value(
    rate: str, stopped: list[bool]
) -> None:
    desk = euro_desk(daily_loss={"daily_loss_ratio_max": "0.06"})

    # 100 euros are 600 dollars at 6: at the limit.
    assert show(desk, rate, rate, rate) == stopped


def test_stale_rate_still_values_what_is_held_for_the_watch() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    desk.wait(120 * SECOND)

    for _ in range(3):
        desk.price("4.5", "E")
        desk.wait(SECOND)

    # 1000 x -0.5 x 1.1.
    assert (desk.state()["equity"], desk.stops()[0]) == (None, ("drawdown", "triggered"))


def test_account_is_woken_when_only_a_rate_that_it_needs_moves() -> None:
    desk = euro_desk()
    desk.wait(SECOND)

    desk.price("1.2", "EURUSD")
    desk.wait(SECOND)

    # 10 000 - 100 x 1.2.
    assert desk.state()["equity"] == "9880"


def test_every_newer_rate_is_read_while_a_breach_waits_to_be_confirmed() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    show(desk, "1.1", 11)

    for _ in range(2):
        desk.wait(SECOND)
        desk.price("11.0001", "EURUSD")
    desk.wait(SECOND)

    assert desk.stops()[0] == ("drawdown", "triggered")
