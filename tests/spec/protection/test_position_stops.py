"""Stops of each position by itself: when they are reached, and the exit that closes it."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, open_desk
from tests.spec.desks import bought
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    "rules",
    [
        {"stop_loss": {}},
        {"trailing_stop": {"trailing_ratio": "0.02"}},
        {"time_stop": {"hold_ms_max": 1000}},
    ],
)
def test_stop_that_was_met_goes_with_its_position_through_zero(rules: dict[str, Any]) -> None:
    desk = open_desk(only(**rules))
    bought(desk, stop_price="98")
    desk.signal("sell", 30, limit_price="100", stop_price="105", signal_id="s")
    desk.order("s", "accepted")
    desk.wait(1001)
    desk.price(97)
    desk.wait(SECOND)

    desk.fill("sell", 20, 97, signal_id="s")
    desk.wait(SECOND)

    # Short 10 begins with a stop, a best mark and an age of its own.
    assert (desk.closed(), desk.position()["quantity"]) == ([], "-10")


def test_later_stop_closes_a_position_when_earlier_ones_are_unreached() -> None:
    desk = open_desk(only(stop_loss={}, trailing_stop={"trailing_ratio": "0.02"}))
    bought(desk, stop_price="90")

    desk.see(97)

    assert desk.closed() == [("trailing_stop", "sell", "10")]
