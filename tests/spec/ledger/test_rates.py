"""Money in other currencies: unrealized at the current rate, realized and fees at the fill's."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, numbers_of, open_desk
from tests.spec.desks import euro_desk
from tests.spec.rulebook import only


def test_unrealized_and_exposures_are_converted_at_the_current_rate() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 5, symbol="E")

    desk.price("1.2", "EURUSD")
    desk.price(6, "E")
    desk.signal("hold", symbol="E")

    # 10 x (6 - 5) x 1.2 and 10 x 6 x 1.2.
    state = desk.state()
    assert (state["equity"], state["gross_exposure"], state["net_exposure"]) == (
        "10012", "72", "72",
    )  # fmt: skip
    assert desk.position("E")["unrealized_pnl"] == "12"


def test_realized_is_frozen_at_the_rate_of_its_fill() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 5, symbol="E", fee="1")
    desk.fill("sell", 10, 6, symbol="E")

    desk.price("1.5", "EURUSD")
    desk.signal("hold", symbol="E")

    # (-1 + 10) x 1.1.
    assert desk.state()["balance"] == "10009.9"
    assert desk.position("E")["realized_pnl"] == "9.9"


def test_multiplier_and_rate_both_count() -> None:
    desk = open_desk(only())
    desk.instrument("EURUSD", base_currency="EUR", settlement_currency="USD")
    desk.instrument("F", settlement_currency="EUR", multiplier="50")
    desk.price("1.1", "EURUSD")
    desk.price(4, "F")

    desk.fill("buy", 2, 3, symbol="F")

    # 2 x (4 - 3) x 50 x 1.1 and 2 x 4 x 50 x 1.1.
    assert (desk.state()["equity"], desk.state()["gross_exposure"]) == ("10110", "440")


def test_exposures_are_notionals_in_the_accounts_currency_whatever_is_held() -> None:
    desk = euro_desk()
    desk.instrument("BTCUSD", base_currency="BTC")
    desk.instrument("I", kind="inverse", settlement_currency="BTC", multiplier="100")
    desk.price(50_000, "BTCUSD")
    desk.price(40_000, "I")

    desk.fill("buy", 2, 100)
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 4, 40_000, symbol="I")

    # 2 x 100, 10 x 5 x 1.1, and 4 x 100 / 40 000 x 50 000 = 500 short.
    state = desk.state()
    assert (state["gross_exposure"], state["net_exposure"]) == ("755", "-245")


def test_average_price_stays_in_the_currency_of_the_instrument() -> None:
    desk = euro_desk()

    desk.fill("buy", 10, 5, symbol="E")

    assert desk.position("E")["average_price"] == "5"


@pytest.mark.parametrize(
    ("quote", "equity"),
    [({"bid": "0.7", "ask": "0.9", "mark": "2", "last": "3"}, "10012.5"),
     ({"ask": "0.9", "mark": "0.8", "last": "3"}, "10012.5"), ({"last": "0.8"}, "10012.5")],
)  # fmt: skip
def test_inverse_pair_is_one_over_its_mid_else_mark_else_last(
    quote: dict[str, str], equity: str
) -> None:
    desk = open_desk(only())
    desk.instrument("USDEUR", base_currency="USD", settlement_currency="EUR")
    desk.instrument("E", settlement_currency="EUR")
    desk.price(symbol="USDEUR", **quote)
    desk.price(6, "E")

    desk.fill("buy", 10, 5, symbol="E")

    # 10 / 0.8.
    assert desk.state()["equity"] == equity


def test_no_rate_is_made_through_a_third_currency() -> None:
    desk = open_desk(only())
    desk.instrument("EURGBP", base_currency="EUR", settlement_currency="GBP")
    desk.instrument("GBPUSD", base_currency="GBP", settlement_currency="USD")
    desk.instrument("E", settlement_currency="EUR")
    for symbol in ("EURGBP", "GBPUSD", "E"):
        desk.price(1, symbol)

    desk.fill("buy", 10, 1, symbol="E")

    assert desk.state()["equity"] is None


def test_order_is_judged_in_the_accounts_currency() -> None:
    desk = euro_desk(order_notional={"order_notional_max": "110"}, cash={})

    at_limit = desk.signal("buy", 20, symbol="E", limit_price="5")
    above = desk.signal("buy", 21, symbol="E", limit_price="5")

    # 20 x 5 x 1.1 of 10 000, then 10 000 - 110 are free.
    assert at_limit["verdict"] == "approved"
    assert numbers_of(at_limit, "cash")[1:3] == ("110", "10000")
    assert (above["verdict"], above["approved_quantity"]) == ("modified", "20")
    assert numbers_of(above, "order_notional")[1] == "115.5"
    assert numbers_of(above, "cash")[2] == "9890"


def test_size_is_found_in_the_accounts_currency() -> None:
    desk = euro_desk()

    decision = desk.signal("buy", symbol="E", limit_price="5", confidence="1")

    # 10 000 x 0.1 / (5 x 1.1) = 181.8.
    assert decision["requested_quantity"] == "181"


def test_least_notional_is_in_the_currency_of_the_instrument() -> None:
    desk = euro_desk()
    desk.instrument("E", settlement_currency="EUR", min_notional="50")

    at_least = desk.signal("buy", 10, symbol="E", limit_price="5")
    below = desk.signal("buy", 9, symbol="E", limit_price="5")

    assert (at_least["verdict"], below["reasons"]) == ("approved", ["instrument"])


@pytest.mark.parametrize(("age_ms", "reasons"), [(60_000, []), (60_001, ["unknown_rate"])])
def test_entry_is_rejected_when_its_rate_is_too_old(age_ms: int, reasons: list[str]) -> None:
    desk = euro_desk(stale_mark={}, unknown_rate={})
    desk.signal("buy", 1, symbol="E", limit_price="5")

    desk.wait(age_ms)
    desk.price(5, "E")
    decision = desk.signal("buy", 1, symbol="E", limit_price="5")

    assert decision["reasons"] == reasons
    assert numbers_of(decision, "unknown_rate")[1] == str(age_ms)
    assert numbers_of(decision, "stale_mark")[:2] == ("pass", "0")


@pytest.mark.parametrize(("age_ms", "equity"), [(60_000, "10000"), (60_001, None)])
def test_equity_is_unknown_when_a_held_rate_is_too_old(age_ms: int, equity: str | None) -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 5, symbol="E")

    desk.wait(age_ms)
    desk.price(5, "E")
    decision = desk.signal("hold", symbol="E")

    assert decision["equity"] == equity


def test_loss_is_not_hidden_when_the_rate_is_only_old() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"})
    desk.fill("buy", 1000, 5, symbol="E")
    desk.wait(2 * MINUTE)

    for _ in range(3):
        desk.price(4, "E")
        desk.wait(SECOND)

    # 1000 x -1 x 1.1 of 10 000.
    assert desk.stops()[0] == ("drawdown", "triggered")


def test_realized_is_converted_later_when_its_fill_had_no_rate() -> None:
    desk = euro_desk(None)
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 6, symbol="E", fee="1")
    unknown = desk.state()

    desk.price("1.2", "EURUSD")
    desk.signal("hold", symbol="E")
    desk.price("1.3", "EURUSD")
    desk.signal("hold", symbol="E")

    # (10 - 1) x 1.2, and no more when the rate moves.
    assert (unknown["equity"], unknown["balance"]) == (None, "10000")
    assert (desk.state()["equity"], desk.state()["balance"]) == ("10010.8", "10010.8")
    assert desk.position("E")["realized_pnl"] == "10.8"
    assert desk.state()["daily"]["realized"] == "10.8"


def test_position_is_valued_when_a_revaluation_brings_its_rate() -> None:
    desk = euro_desk(None)
    desk.fill("buy", 10, 5, symbol="E")
    unknown = desk.state()["gross_exposure"]

    desk.price("1.2", "EURUSD")
    desk.price(6, "E")
    desk.wait(SECOND)

    # 10 x 6 x 1.2.
    assert (unknown, desk.state()["gross_exposure"]) == (None, "72")


def test_fill_with_a_stale_rate_is_converted_by_a_fresh_one() -> None:
    desk = euro_desk()
    desk.wait(MINUTE + 1)
    desk.price(5, "E")

    desk.fill("buy", 10, 5, symbol="E", fee="1")
    booked = desk.state()["balance"]
    desk.price("2", "EURUSD")
    desk.signal("hold", symbol="E")

    assert (booked, desk.state()["balance"]) == ("10000", "9998")


def test_fee_in_a_third_currency_is_frozen_at_its_rate() -> None:
    desk = open_desk(only())
    desk.instrument("BNBUSD", base_currency="BNB", settlement_currency="USD")
    desk.price(300, "BNBUSD")

    desk.fill("buy", 10, 100, fee="0.01", fee_currency="BNB")
    desk.price(400, "BNBUSD")
    desk.signal("hold")

    assert (desk.state()["balance"], desk.position()["realized_pnl"]) == ("9997", "-3")


def test_account_is_woken_for_the_rate_that_its_fee_waits_for() -> None:
    desk = open_desk(only())
    desk.instrument("BNBUSD", base_currency="BNB", settlement_currency="USD")
    desk.fill("buy", 10, 100, fee="0.01", fee_currency="BNB")
    unknown = desk.state()["equity"]

    desk.price(300, "BNBUSD")
    desk.wait(15 * SECOND)

    assert (unknown, desk.state()["equity"], desk.state()["balance"]) == (None, "9997", "9997")


def test_fee_in_the_base_currency_is_paid_in_units() -> None:
    desk = open_desk(only(), mark=110)
    desk.instrument("S", base_currency="S", lot_size="0.001")
    desk.price(110, "S")

    decision = desk.signal("buy", 10, symbol="S", limit_price="100")
    desk.fill("buy", 10, 100, symbol="S", fee="0.01", fee_currency="S",
              signal_id=decision["signal_id"])  # fmt: skip

    # 9.99 at 100 and 0.01 x 100 of fee; -1000 + 9.99 x 110 in all. All of the 10 is released.
    row = desk.position("S")
    assert (row["quantity"], row["average_price"], row["realized_pnl"]) == ("9.99", "100", "-1")
    assert desk.state()["equity"] == "10098.9"
    assert desk.reserved() == {}


def test_fee_in_the_base_currency_is_taken_off_a_sale_too() -> None:
    desk = open_desk(only())
    desk.instrument("S", base_currency="S", lot_size="0.001")
    desk.price(110, "S")
    desk.fill("buy", 10, 100, symbol="S")

    desk.fill("sell", 4, 110, symbol="S", fee="0.5", fee_currency="S")

    # 4.5 leave at 110 for 45, the fee is 55.
    row = desk.position("S")
    assert (row["quantity"], row["realized_pnl"]) == ("5.5", "-10")
    assert desk.state()["equity"] == "10045"


def test_what_was_realized_before_the_opening_is_converted_after_it() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument("EURUSD", base_currency="EUR")
    desk.instrument("E", settlement_currency="EUR")
    desk.price(5, "E")
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 6, symbol="E")

    desk.flow("opening", 1000, as_of_ms=desk.now_ms - 1)
    unknown = desk.state()["equity"]
    desk.price("1.1", "EURUSD")
    desk.signal("hold", symbol="E")

    # 10 x 1.1 came after the opening's as_of.
    assert (unknown, desk.state()["balance"], desk.state()["equity"]) == (None, "1011", "1011")


def test_fills_that_the_opening_holds_are_no_pnl_in_any_currency() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument("EURUSD", base_currency="EUR")
    desk.instrument("E", settlement_currency="EUR")
    desk.price(5, "E")
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 5, 6, symbol="E")

    desk.flow("opening", 1000)
    desk.price("1.1", "EURUSD")
    desk.signal("hold", symbol="E")

    assert (desk.state()["balance"], desk.position("E")["quantity"]) == ("1000", "5")
    assert (desk.state()["equity"], desk.position("E")["realized_pnl"]) == ("1000", "5.5")
