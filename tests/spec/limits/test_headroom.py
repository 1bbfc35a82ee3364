"""What is left of a loss limit, as account_states tells it."""

import pytest

from tests.spec.desk import SECOND, Desk, Row
from tests.spec.rulebook import only


def desk_with(**limits: dict[str, str]) -> Desk:
    """Return a desk whose account opened with 10 000 under only these rules."""
    desk = Desk()
    desk.limits(only(**limits))
    desk.instrument()
    desk.price(5000)
    desk.flow("opening", 10_000)
    desk.wait(SECOND)
    return desk


def lose(desk: Desk, amount: int) -> Row:
    """Realize a loss, or with a negative amount a win, and return the statistics after it."""
    desk.fill("buy", 1, 5000)
    desk.fill("sell", 1, 5000 - amount)
    statistics: Row = desk.state()["statistics"]
    return statistics


@pytest.mark.parametrize(
    ("loss", "left"), [(0, "1"), (50, "0.75"), (200, "0"), (300, "-0.5"), (1, "0.995")]
)
def test_daily_loss_has_the_rest_left_when_some_is_lost(loss: int, left: str) -> None:
    desk = desk_with(daily_loss={"daily_loss_ratio_max": "0.02", "on_breach": "warn"})

    assert lose(desk, loss)["daily_loss_headroom_ratio"] == left


def test_headroom_is_whole_and_no_more_when_the_day_brought_a_profit() -> None:
    desk = desk_with(daily_loss={"daily_loss_ratio_max": "0.02"})

    assert lose(desk, -500) == {"daily_loss_headroom_ratio": "1"}


def test_drawdown_has_half_left_when_half_of_it_was_lost() -> None:
    desk = desk_with(drawdown={"drawdown_ratio_max": "0.05"})

    assert lose(desk, 250) == {"drawdown_headroom_ratio": "0.5"}


def test_floor_leaves_what_is_above_it_when_the_limit_is_a_minimum() -> None:
    desk = desk_with(balance_floor={"balance_ratio_min": "0.8"})

    # Equity 9000 above a floor of 8000.
    assert lose(desk, 1000) == {"balance_floor_headroom_ratio": "0.125"}


def test_headroom_is_rounded_down_when_it_has_no_end() -> None:
    desk = desk_with(daily_loss={"daily_loss_ratio_max": "0.03"})

    # 100 of 300 are gone.
    assert lose(desk, 100) == {"daily_loss_headroom_ratio": "0.666666"}


def test_headroom_is_absent_when_equity_is_unknown() -> None:
    desk = desk_with(drawdown={"drawdown_ratio_max": "0.05"})
    desk.instrument("Y")

    desk.fill("buy", 1, 100, symbol="Y")

    assert desk.state()["statistics"] == {}


def test_nothing_is_told_of_a_limit_that_leaves_no_room() -> None:
    desk = desk_with(daily_loss={"daily_loss_ratio_max": "0", "on_breach": "warn"})

    assert lose(desk, 0) == {}
