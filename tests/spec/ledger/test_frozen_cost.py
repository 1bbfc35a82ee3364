"""On a cash account what a position in another currency cost is frozen at its fills' rates."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, numbers_of, open_desk
from tests.spec.desks import euro_desk, see_rate
from tests.spec.rulebook import only


def free(desk: Desk) -> str | None:
    """Return the free cash that the gate sees."""
    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100")
    desk.order(decision["signal_id"], "rejected")
    return numbers_of(decision, "cash")[2]


def test_free_cash_stays_when_the_rate_moves() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E")
    before = free(desk)

    see_rate(desk, "1.2")

    # 10 000 - 500 x 1.1.
    assert (before, free(desk)) == ("9450", "9450")


def test_each_fill_costs_at_its_own_rate() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E")
    see_rate(desk, "1.2")

    desk.fill("buy", 100, 6, symbol="E")

    # 550 and 600 x 1.2.
    assert free(desk) == "8730"


def test_cost_is_closed_in_proportion() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E")
    see_rate(desk, "1.2")
    desk.fill("buy", 100, 6, symbol="E")

    desk.fill("sell", 50, "5.5", symbol="E")

    # Three quarters of 1270; sold at its average.
    assert free(desk) == "9047.5"


@pytest.mark.parametrize(("first", "second"), [("buy", "sell"), ("sell", "buy")])
def test_cost_begins_anew_when_a_fill_turns_the_position(first: str, second: str) -> None:
    desk = euro_desk(cash={})
    desk.fill(first, 100, 5, symbol="E")
    see_rate(desk, "1.2")

    desk.fill(second, 150, 5, symbol="E")

    # 50 x 5 x 1.2 are opened; nothing was won.
    assert free(desk) == "9700"


def test_fill_without_a_rate_costs_at_the_first_rate_seen() -> None:
    desk = euro_desk(None, cash={})
    desk.fill("buy", 100, 5, symbol="E")
    unknown = desk.signal("buy", 1, limit_price="100")

    see_rate(desk, "1.1")
    see_rate(desk, "1.2")

    assert numbers_of(unknown, "cash")[:2] == ("breach", None)
    assert free(desk) == "9450"


def test_fill_with_a_stale_rate_costs_at_the_first_fresh_one() -> None:
    desk = euro_desk(cash={})
    desk.signal("hold", symbol="E")
    desk.wait(MINUTE + 1)
    desk.price(5, "E")
    desk.fill("buy", 100, 5, symbol="E")

    see_rate(desk, "1.3")
    see_rate(desk, "1.4")

    assert free(desk) == "9350"


def test_adopted_position_costs_at_the_rate_of_its_adoption() -> None:
    desk = euro_desk(cash={})
    desk.snapshot(100, 5, symbol="E")

    see_rate(desk, "1.2")

    assert free(desk) == "9450"


def test_busted_fill_has_cost_nothing() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E", fill_id="a")
    see_rate(desk, "1.2")
    desk.fill("buy", 100, 5, symbol="E")

    desk.fill("buy", 100, 5, symbol="E", fill_id="a", kind="bust")

    # 500 x 1.2 alone.
    assert free(desk) == "9400"


def test_snapshot_agrees_when_only_the_rate_has_moved() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E")
    see_rate(desk, "1.3")

    desk.flow("snapshot", "9450")
    desk.wait(6 * SECOND)

    assert (desk.alerts("drift"), desk.state()["balance"]) == ([], "10000")


def test_snapshot_of_the_cost_at_the_newest_rate_is_adopted() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 5, symbol="E")
    see_rate(desk, "1.3")

    desk.flow("snapshot", "9350")
    desk.wait(6 * SECOND)

    assert desk.state()["balance"] == "9900"


def test_unrealized_follows_the_rate_all_the_same() -> None:
    desk = euro_desk(cash={})
    desk.fill("buy", 100, 4, symbol="E")

    see_rate(desk, "1.3")

    # 100 x 1 x 1.3.
    assert desk.state()["equity"] == "10130"


def test_inverse_position_costs_at_the_rate_of_its_fill() -> None:
    desk = open_desk(only(cash={}))
    desk.instrument("BTCUSD", base_currency="BTC")
    desk.instrument("I", kind="inverse", settlement_currency="BTC", multiplier="100")
    desk.price(50_000, "BTCUSD")
    desk.price(50_000, "I")
    desk.fill("buy", 10, 50_000, symbol="I")

    desk.wait(SECOND)
    desk.price(60_000, "BTCUSD")
    desk.signal("hold", symbol="I")

    # 10 x 100 / 50 000 = 0.02 of a coin.
    assert free(desk) == "9000"
