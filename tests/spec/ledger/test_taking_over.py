"""An account that is taken over with positions: their old profit or loss is not today's."""

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import Rules, only

LOSS: Rules = {"daily_loss": {}, "weekly_loss": {}, "drawdown": {}}


def figures(desk: Desk) -> tuple[str | None, str | None, str | None, str]:
    """Return equity, PnL of day and week, and peak."""
    state = desk.state()
    return state["equity"], state["daily"]["pnl"], state["weekly"]["pnl"], state["peak_equity"]


@pytest.mark.parametrize(("average", "equity"), [("150", "5000"), ("50", "15000")])
def test_past_of_an_adopted_position_moves_the_starts_and_the_peak(
    average: str, equity: str
) -> None:
    desk = open_desk(only(**LOSS))

    desk.snapshot(100, average)

    assert figures(desk) == (equity, "0", "0", equity)
    assert (desk.state()["drawdown_ratio"], desk.stops()) == ("0", [])


def test_past_is_counted_at_the_first_mark_when_there_was_none() -> None:
    desk = open_desk(only(**LOSS), mark=None)
    desk.snapshot(100, 150)
    before = figures(desk)

    desk.price(100)
    desk.wait(SECOND)
    first = figures(desk)
    desk.price(99)
    desk.wait(SECOND)

    assert (before[0], first) == (None, ("5000", "0", "0", "5000"))
    assert figures(desk) == ("4900", "-100", "-100", "5000")


def test_past_is_counted_when_the_account_opens_after_its_snapshot() -> None:
    desk = Desk()
    desk.limits(only(**LOSS))
    desk.instrument()
    desk.price(100)
    desk.snapshot(100, 150)

    desk.flow("opening", 10_000)

    assert figures(desk) == ("5000", "0", "0", "5000")


def test_later_snapshot_moves_the_starts_by_what_it_changes() -> None:
    desk = open_desk(only(**LOSS))
    desk.snapshot(100, 150)
    desk.wait(SECOND)

    desk.snapshot(50, 150)
    smaller = figures(desk)
    desk.wait(SECOND)
    desk.snapshot(0, 0)

    assert (smaller, figures(desk)) == (
        ("7500", "0", "0", "7500"),
        ("10000", "0", "0", "10000"),
    )


def test_profit_of_today_stays_when_a_later_snapshot_changes_the_past() -> None:
    desk = open_desk(only(**LOSS))
    desk.snapshot(10, 90)
    desk.price(103)
    desk.wait(SECOND)

    desk.snapshot(20, 90)

    # 30 were won by the first ten; the other ten brought 130 of the past.
    assert figures(desk)[:3] == ("10260", "30", "30")


def test_past_is_counted_at_the_first_fill_when_there_is_no_mark() -> None:
    desk = open_desk(only(**LOSS), mark=None)
    desk.snapshot(100, 150)
    desk.wait(SECOND)

    desk.fill("sell", 100, 100)

    # 5000 are realized now, and were lost before.
    assert figures(desk) == ("5000", "0", "0", "5000")


def test_fill_after_the_snapshot_is_today_s() -> None:
    desk = open_desk(only(**LOSS))
    desk.snapshot(100, 150)
    desk.wait(SECOND)

    desk.fill("sell", 50, 98)
    desk.wait(SECOND)

    assert figures(desk)[:3] == ("4900", "-100", "-100")


def test_baselines_move_with_what_is_taken_over() -> None:
    desk = open_desk(only(daily_loss={}, drawdown={"drawdown_ratio_max": "0.9"}))
    desk.lose(300)
    desk.control("resume", stop_id=desk.state()["stops"][0])
    desk.instrument("Y")
    desk.price(100, "Y")

    desk.snapshot(10, 110, symbol="Y")

    assert desk.state()["baselines"] == {"daily_loss": "9600"}
    assert desk.state()["daily"]["pnl"] == "-300"


def test_rapid_loss_does_not_see_the_past() -> None:
    rules = {"rapid_loss_ratio": "0.02", "rapid_window_ms": 60_000, "cooldown_ms": 1000}
    desk = open_desk(only(circuit_breaker=rules))
    desk.signal("hold")

    desk.snapshot(100, 150)

    assert desk.alerts("circuit_breaker") == []


def test_confirming_marks_of_an_adopted_position_start_with_its_first_mark() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_ratio_max": "0.02"}))
    desk.snapshot(10, 200)
    desk.price(80)
    desk.wait(SECOND // 10)
    one_bad_mark = desk.stops()

    desk.price(80)
    desk.wait(2 * SECOND)

    # -200 of 9000 from the first mark of 100; the old average of 200 favours nobody.
    assert (one_bad_mark, desk.stops()[0]) == ([], ("daily_loss", "triggered"))


def test_inverse_snapshot_without_an_average_begins_at_its_mark() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument("I", kind="inverse", base_currency="BTC", settlement_currency="BTC")
    desk.flow("opening", 10, currency="BTC")
    desk.price(50_000, "I")

    desk.snapshot(1000, 0, symbol="I")

    assert (desk.position("I")["average_price"], desk.state()["equity"]) == ("50000", "10")


def test_inverse_snapshot_without_average_and_mark_is_not_adopted() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument("I", kind="inverse", base_currency="BTC", settlement_currency="BTC")
    desk.flow("opening", 10, currency="BTC")

    desk.snapshot(1000, 0, symbol="I")
    desk.control("flatten")

    assert (desk.state()["positions"], desk.sent("dead_letters")) == ([], [])
    assert [rule for rule, _ in desk.stops()][:2] == ["drift", "control"]


def test_position_adopted_at_no_price_blocks_nothing_when_it_turns_out_inverse() -> None:
    desk = open_desk(only())
    desk.snapshot(1000, 0, symbol="I")
    desk.instrument("I", kind="inverse", base_currency="USD", settlement_currency="USD")
    desk.signal("hold", symbol="I")

    desk.control("flatten")
    desk.fill("buy", 1, 100)

    assert desk.alerts("internal_error") == []
    assert ("control", "triggered") in desk.stops()
    assert desk.position()["quantity"] == "1"
