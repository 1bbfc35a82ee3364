"""The stop that is in effect for an entry, as its decision tells it."""

from typing import Any

import pytest

from tests.spec.desk import open_desk
from tests.spec.desks import bought
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("side", "fields", "verdict", "stop"),
    [
        ("buy", {"limit_price": "100"}, "approved", "98"),
        ("buy", {}, "approved", "98"),
        ("sell", {"limit_price": "101"}, "approved", "103.02"),
        ("buy", {"limit_price": "100", "stop_price": "97.004"}, "approved", "97.01"),
        ("buy", {"limit_price": "99"}, "approved", "97.02"),
        ("buy", {"limit_price": "100", "quantity": "2000"}, "rejected", "98"),
    ],
)
def test_stop_in_effect_is_told_of_every_entry(
    side: str, fields: dict[str, Any], verdict: str, stop: str
) -> None:
    desk = open_desk(only(confidence={"confidence_min": "0.5"}))

    sure = "0.1" if verdict == "rejected" else "0.9"
    decision = desk.signal(side, confidence=sure, **{"quantity": "1", **fields})

    assert (decision["verdict"], decision["stop_price"]) == (verdict, stop)


@pytest.mark.parametrize("quantity", [4, 10])
def test_no_stop_is_told_of_an_exit(quantity: int) -> None:
    desk = open_desk(only())
    bought(desk)

    decision = desk.signal("sell", quantity, limit_price="100", stop_price="105")

    assert (decision["verdict"], decision["stop_price"]) == ("approved", None)


def test_no_stop_is_reported_when_an_order_becomes_an_exit() -> None:
    desk = open_desk(only())
    bought(desk)
    desk.control("reduce")

    decision = desk.signal("sell", 12, limit_price="100")

    assert (decision["approved_quantity"], decision["stop_price"]) == ("10", None)


def test_no_stop_is_told_when_flooring_makes_an_exit() -> None:
    desk = open_desk(only(signal_age={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", "10.5", limit_price="100", created_at_ms=desk.now_ms - 5001)

    assert (decision["reasons"], decision["stop_price"]) == (["signal_age"], None)


@pytest.mark.parametrize(("side", "stop"), [("buy", "99"), ("sell", "102")])
def test_computed_stop_is_a_tick_away_from_prices_between_ticks(side: str, stop: str) -> None:
    desk = open_desk(only(stop={"stop_ratio": "0.001"}))
    desk.instrument(tick_size="1")
    desk.price("100.5")

    decision = desk.signal(side, 1)

    # 100 and 101 are only half a tick away.
    assert decision["stop_price"] == stop
