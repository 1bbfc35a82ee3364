"""Fees, rates, flips and busts where they meet."""

from decimal import Decimal

from tests.spec.desk import HOUR, MINUTE, SECOND, Desk, open_desk
from tests.spec.desks import held
from tests.spec.rulebook import only


def coin_desk() -> Desk:
    """Return a desk whose X is a coin in lots of a hundredth."""
    desk = open_desk(only())
    desk.instrument(base_currency="BTC", lot_size="0.01", min_quantity="0.01")
    return desk


def euro_desk(rate: str | None = None) -> Desk:
    """Return a desk in dollars whose X is in euros, at a rate or none."""
    desk = open_desk(only())
    desk.instrument(settlement_currency="EUR")
    desk.instrument("EURUSD", base_currency="EUR", tick_size="0.0001")
    if rate is not None:
        desk.price(rate, "EURUSD")
    return desk


def later(desk: Desk, rate: str) -> None:
    """Let a newer rate come, and an account that waits for it see it."""
    desk.wait(100)
    desk.price(rate, "EURUSD")
    desk.wait(16 * SECOND)


def test_position_turns_when_a_fee_exceeds_what_is_left() -> None:
    desk = coin_desk()
    desk.fill("buy", 1, 100)

    desk.fill("sell", "0.95", 110, fee="0.1", fee_currency="BTC")

    # 1 x 10 won, 0.1 x 110 paid.
    assert held(desk) == ("-0.05", "110", "-1")


def test_turned_position_is_larger_when_the_fee_leaves_in_units() -> None:
    desk = coin_desk()
    desk.fill("buy", 1, 100)

    desk.fill("sell", 3, 110, fee="0.1", fee_currency="BTC")

    assert held(desk) == ("-2.1", "110", "-1")


def test_rebate_in_units_is_held_and_gained() -> None:
    desk = coin_desk()

    desk.fill("buy", 1, 100, fee="-0.1", fee_currency="BTC")

    assert held(desk) == ("1.1", "100", "10")


def test_later_fee_stays_when_a_fee_in_units_is_busted() -> None:
    desk = coin_desk()
    desk.fill("buy", 10, 100, fill_id="a", fee="0.1", fee_currency="BTC")
    desk.fill("sell", 1, 90, fee="0.2", fee_currency="BTC")

    desk.fill("buy", 10, 100, fill_id="a", fee="0.1", fee_currency="BTC", kind="bust")

    assert held(desk) == ("-1.2", "90", "-18")


def test_fees_in_units_turn_a_position_whose_instrument_came_later() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, symbol="Z", fee="0.5", fee_currency="BTC")
    desk.fill("sell", 12, 110, symbol="Z")

    desk.instrument("Z", base_currency="BTC", lot_size="0.1", min_quantity="0.1")
    desk.price(110, "Z")
    desk.signal("hold", symbol="Z")

    # -50 in units, then 9.5 x 10.
    assert held(desk, "Z") == ("-2.5", "110", "45")
    assert desk.state()["equity"] == "10045"


def test_each_amount_waits_for_its_own_rate_when_neither_is_known() -> None:
    desk = euro_desk()
    desk.instrument("BNBUSD", base_currency="BNB")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 90, fee="2", fee_currency="BNB")

    later(desk, "1.1")
    waiting = desk.state()["equity"]
    desk.price(300, "BNBUSD")
    later(desk, "2")

    # -100 x 1.1 - 2 x 300.
    assert (waiting, desk.state()["balance"]) == (None, "9290")


def test_turned_position_has_the_newest_rate_and_realized_the_first() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 100)
    desk.fill("sell", 20, 90)

    later(desk, "1.1")
    later(desk, "1.2")
    desk.price(85)
    desk.signal("hold")

    # -100 x 1.1, and 10 x 5 x 1.2 more.
    state = desk.state()
    assert (state["balance"], state["equity"]) == ("9890", "9950")


def test_fills_are_busted_at_their_own_rates_when_each_had_another() -> None:
    desk = euro_desk("1")
    desk.fill("buy", 10, 100, fill_id="a")
    desk.price("1.5", "EURUSD")
    desk.fill("sell", 20, 90)
    desk.price("2", "EURUSD")
    desk.fill("buy", 4, 80)

    desk.fill("buy", 10, 100, fill_id="a", kind="bust")

    # The first sale realizes nothing now; 4 x 10 x 2 stay.
    assert desk.state()["balance"] == "10080"
    assert held(desk)[:2] == ("-16", "90")


def test_frozen_rate_stays_when_an_earlier_fill_is_busted() -> None:
    desk = euro_desk("1.1")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 4, 90, fill_id="b")
    desk.wait(MINUTE + 100)
    desk.fill("sell", 4, 80)
    later(desk, "1.5")
    desk.price("2", "EURUSD")

    desk.fill("sell", 4, 90, fill_id="b", kind="bust")

    # -80 x 1.5 stay, -40 x 1.1 come back.
    assert desk.state()["balance"] == "9880"


def test_nothing_is_converted_when_the_bust_came_before_the_rate() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 90, fill_id="b")
    desk.fill("sell", 10, 90, fill_id="b", kind="bust")

    later(desk, "1.5")

    assert desk.state()["balance"] == "10000"
    assert held(desk) == ("10", "100", "0")


def test_late_fee_in_units_is_yesterdays() -> None:
    desk = coin_desk()
    executed_ms = desk.now_ms
    desk.wait(12 * HOUR + MINUTE)
    desk.price(110)

    fee = Decimal("0.1")
    desk.fill("buy", 10, 100, fee=fee, fee_currency="BTC", executed_at_ms=executed_ms)

    # -0.1 x 100 of yesterday; 9.9 x 10 of today.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"], daily["realized"]) == ("9990", "99", "0")
