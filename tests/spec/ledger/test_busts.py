"""A busted fill never was: what came after it is folded anew, its fee is returned."""

from decimal import Decimal

import pytest

from tests.spec.desk import DAY, HOUR, MINUTE, SECOND, Desk, open_desk
from tests.spec.desks import euro_desk, held
from tests.spec.rulebook import only


def bust(desk: Desk, side: str, quantity: int, price: int, fill_id: str, **fields: str) -> None:
    """Take a fill back."""
    desk.fill(side, quantity, price, fill_id=fill_id, kind="bust", **fields)


def test_later_fills_fold_as_if_the_first_never_was() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 90, fill_id="one")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 5, 110)

    bust(desk, "buy", 10, 90, "one")

    # 5 of the 10 at 100 are sold at 110; with the other ten it was 5 x 15.
    assert held(desk) == ("5", "100", "50")
    assert desk.state()["balance"] == "10050"


def test_position_turns_when_the_fill_that_opened_it_is_busted() -> None:
    desk = open_desk(only(), mark=105)
    desk.fill("buy", 10, 100, fill_id="one")
    desk.fill("sell", 4, 110)

    bust(desk, "buy", 10, 100, "one")

    # Nothing is realized, 4 are short at 110.
    assert held(desk) == ("-4", "110", "0")
    assert desk.state()["equity"] == "10020"


def test_position_is_flat_when_its_only_fill_is_busted() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one", fee="3")

    bust(desk, "buy", 10, 100, "one", fee="3")

    assert held(desk) == ("0", "0", "0")
    assert (desk.state()["equity"], desk.state()["watched"]) == ("10000", [])


def test_bust_counts_when_it_arrives_before_its_fill() -> None:
    desk = open_desk(only())
    desk.fill("buy", 5, 100)

    bust(desk, "buy", 10, 90, "one")
    desk.fill("buy", 10, 90, fill_id="one")

    assert held(desk) == ("5", "100", "0")
    (alert,) = desk.alerts("bust")
    assert (alert["message"], alert["measured"]) == ("fill one is busted before it arrived", "10")


def test_bust_changes_nothing_when_it_comes_twice() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 90, fill_id="one")
    desk.fill("buy", 5, 100)

    bust(desk, "buy", 10, 90, "one")
    bust(desk, "buy", 10, 90, "one")
    desk.fill("buy", 10, 90, fill_id="one")

    assert held(desk) == ("5", "100", "0")


def test_two_busts_fold_what_is_left() -> None:
    desk = open_desk(only())
    for fill_id, side, quantity, price in (
        ("a", "buy", 10, 90), ("b", "buy", 10, 100), ("c", "sell", 15, 110), ("d", "sell", 5, 120),
    ):  # fmt: skip
        desk.fill(side, quantity, price, fill_id=fill_id)

    bust(desk, "buy", 10, 90, "a")
    bust(desk, "sell", 15, 110, "c")

    # Left are 10 at 100, of which 5 are sold at 120.
    assert held(desk) == ("5", "100", "100")


def test_other_side_of_a_self_trade_stays_when_one_is_busted() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="self")
    desk.fill("sell", 10, 100, fill_id="self")

    bust(desk, "sell", 10, 100, "self")

    assert held(desk)[0] == "10"


def test_fee_in_units_is_returned() -> None:
    desk = open_desk(only())
    desk.instrument("S", base_currency="S")
    desk.price(100, "S")
    desk.fill("buy", 10, 90, symbol="S")
    desk.fill("buy", 10, 100, symbol="S", fill_id="two", fee="0.5", fee_currency="S")

    bust(desk, "buy", 10, 100, "two", symbol="S", fee="0.5", fee_currency="S")

    assert held(desk, "S") == ("10", "90", "0")


def test_fee_and_realized_are_returned_at_the_rate_of_the_fill() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 6, symbol="E", fee="2", fill_id="two")
    desk.price("1.5", "EURUSD")

    bust(desk, "sell", 10, 6, "two", symbol="E", fee="2")

    # It was (10 - 2) x 1.1, and is gone; the ten are held again.
    assert held(desk, "E") == ("10", "5", "0")
    assert desk.state()["balance"] == "10000"


def test_fee_in_a_third_currency_returns_at_its_rate() -> None:
    desk = open_desk(only())
    desk.instrument("BTCUSD", base_currency="BTC")
    desk.price(50_000, "BTCUSD")
    desk.fill("buy", 10, 100, fee="0.001", fee_currency="BTC", fill_id="one")
    desk.price(60_000, "BTCUSD")

    bust(desk, "buy", 10, 100, "one", fee="0.001", fee_currency="BTC")

    # It was 50, and 50 comes back.
    assert desk.state()["balance"] == "10000"


def test_inverse_fills_fold_anew_when_one_is_busted() -> None:
    desk = open_desk(only(), mark=None)
    desk.account = "coins"
    desk.flow("opening", 10, currency="BTC")
    desk.wait(1)
    desk.instrument("I", kind="inverse", base_currency="BTC", settlement_currency="BTC")
    desk.price(50_000, "I")
    desk.fill("buy", 1000, 40_000, symbol="I", fill_id="one")
    desk.fill("buy", 1000, 50_000, symbol="I")
    desk.fill("sell", 500, 62_500, symbol="I")

    bust(desk, "buy", 1000, 40_000, "one", symbol="I")

    # 500 x (1/50 000 - 1/62 500).
    assert held(desk, "I") == ("500", "50000", "0.002")


def test_bust_of_a_fill_without_instrument_takes_it_out() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")
    desk.fill("buy", 10, 18, symbol="Y", fill_id="one", fee="1")
    desk.fill("buy", 5, 20, symbol="Y")

    bust(desk, "buy", 10, 18, "one", symbol="Y", fee="1")
    provisional = held(desk, "Y")
    desk.instrument("Y")
    desk.signal("hold", symbol="Y")

    assert provisional[:2] == ("5", "20")
    assert held(desk, "Y") == ("5", "20", "0")


def test_bust_of_yesterdays_fill_corrects_yesterday() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms
    desk.fill("buy", 10, 90, fill_id="one", fee="5")
    desk.wait(12 * HOUR + MINUTE)
    desk.price(100)

    desk.fill("buy", 10, 90, fill_id="one", fee="5", kind="bust", executed_at_ms=executed_ms)

    # Yesterday ended with 10 x (100 - 90) - 5; today began with as much.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"], daily["realized"]) == ("10000", "0", "0")
    (alert,) = desk.alerts("late_fill")
    assert (alert["measured"], alert["limit"]) == ("0", "95")


def test_bust_corrects_yesterday_at_todays_rate_when_its_fill_had_none() -> None:
    desk = euro_desk(None)
    fill = {"symbol": "E", "fill_id": "one", "fee": "5", "executed_at_ms": desk.now_ms}
    desk.fill("buy", 10, 4, **fill)
    desk.price(2, "EURUSD")
    desk.wait(12 * HOUR + MINUTE)
    desk.price(2, "EURUSD")

    desk.fill("buy", 10, 4, kind="bust", **fill)

    # Yesterday ended with 10 x (5 - 4) x 2 - 5 x 2; today began with as much.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("10000", "0")
    (alert,) = desk.alerts("late_fill")
    assert (alert["measured"], alert["limit"]) == ("0", "10")


def test_days_realized_changes_with_the_later_fill_that_it_belongs_to() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms
    desk.fill("buy", 10, 90, fill_id="one")
    desk.wait(DAY)
    desk.price(100)
    desk.fill("sell", 10, 100)

    desk.fill("buy", 10, 90, fill_id="one", kind="bust", executed_at_ms=executed_ms)

    # The sale of today opens a short and realizes nothing.
    state = desk.state()
    assert (state["daily"]["realized"], state["daily"]["pnl"]) == ("0", "0")
    assert (state["balance"], held(desk)) == ("10000", ("-10", "100", "0"))


def test_fill_before_the_opening_changes_no_balance_when_it_is_busted() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms - HOUR
    desk.fill("buy", 10, 90, fill_id="one", fee="5", executed_at_ms=executed_ms)

    desk.fill("buy", 10, 90, fill_id="one", fee="5", kind="bust", executed_at_ms=executed_ms)

    assert (held(desk)[0], desk.state()["balance"]) == ("0", "10000")


def test_reservation_stays_released_when_the_fill_of_its_order_is_busted() -> None:
    desk = open_desk(only())
    decision = desk.signal("buy", 10, limit_price="100")
    desk.fill("buy", 4, 100, fill_id="one", signal_id=decision["signal_id"])

    bust(desk, "buy", 4, 100, "one", signal_id=decision["signal_id"])

    assert (held(desk)[0], desk.reserved()) == ("0", {decision["signal_id"]: "6"})


def test_oldest_of_a_thousand_fills_is_folded_anew() -> None:
    desk = thousand(later=999)

    bust(desk, "buy", 1, 90, "one")

    assert held(desk) == ("999", "100", "0")


def test_fill_no_longer_kept_is_booked_as_its_opposite() -> None:
    desk = thousand(later=1000)

    bust(desk, "buy", 1, 90, "one", fee="1")

    # The total is that of 1000 at 100, whose average is shown with 18 places; the fee is back.
    quantity, average, realized = held(desk)
    total = Decimal(realized) + Decimal(quantity) * (100 - Decimal(average))
    assert (quantity, round(total, 15)) == ("1000", Decimal(0))
    assert "no longer kept" in desk.alerts("bust")[0]["message"]


def thousand(later: int) -> Desk:
    """Return a desk with a fill at 90 and many more at 100."""
    desk = open_desk(only(), balance=1_000_000)
    desk.fill("buy", 1, 90, fill_id="one", fee="1" if later > 999 else "0")
    for _ in range(later):
        desk.fill("buy", 1, 100)
    return desk


def test_fee_in_a_third_currency_is_returned() -> None:
    desk = open_desk(only())
    desk.instrument("GBPUSD", base_currency="GBP")
    desk.price(2, "GBPUSD")
    desk.fill("buy", 10, 100, fill_id="one", fee="3", fee_currency="GBP")
    paid = desk.state()["balance"]

    bust(desk, "buy", 10, 100, "one", fee="3", fee_currency="GBP")

    assert (paid, desk.state()["balance"]) == ("9994", "10000")
    assert desk.state()["trading_state"] == "active"


def test_state_is_told_when_a_bust_changes_what_is_held() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")
    desk.fill("buy", 5, 100)

    bust(desk, "buy", 10, 100, "one")

    (row,) = desk.sent("account_states")[-1]["positions"]
    assert row["quantity"] == "5"


@pytest.mark.parametrize("after_ms", [-1, 0, 1])
def test_bust_leaves_what_a_snapshot_holds_when_its_fill_came_earlier(after_ms: int) -> None:
    desk = open_desk(only())
    desk.wait(10)
    as_of_ms = desk.now_ms - 5
    desk.snapshot(14, 100, as_of_ms=as_of_ms)
    executed_ms = as_of_ms + after_ms
    desk.fill("buy", 4, 100, fill_id="one", executed_at_ms=executed_ms)

    desk.fill("buy", 4, 100, fill_id="one", kind="bust", executed_at_ms=executed_ms)

    assert held(desk)[0] == "14"
    said = "as the adopted snapshot shows it" in desk.alerts("bust")[0]["message"]
    assert said == (after_ms <= 0)


@pytest.mark.parametrize(("busted", "hit_ms"), [(None, 10_000), ("one", 13_000), ("two", 10_000)])
def test_age_is_that_of_the_rest_when_a_fill_is_busted(busted: str | None, hit_ms: int) -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": 10_000}))
    for name in ("one", "two"):
        desk.fill("buy", 5, 100, fill_id=name)
        desk.wait(3000)
    if busted is not None:
        bust(desk, "buy", 5, 100, busted)

    desk.wait(hit_ms - 6001)
    before = desk.exits()
    desk.wait(1002)

    assert (before, len(desk.exits())) == ([], 1)


def test_age_counts_from_the_first_fill_when_its_close_is_busted() -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": 10_000}))
    desk.fill("buy", 5, 100)
    desk.wait(8000)
    desk.fill("sell", 5, 100, fill_id="two")

    bust(desk, "sell", 5, 100, "two")
    desk.wait(2001)

    assert len(desk.exits()) == 1


@pytest.mark.parametrize(
    ("busted", "marks"),
    [(None, [100, 90]), ("one", [95, 90]), ("two", [100, 90])],
)
def test_confirming_marks_are_those_of_the_position_that_is_left(
    busted: str | None, marks: list[int]
) -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 150, fill_id="one")
    desk.wait(SECOND)
    desk.price(90)
    desk.fill("buy", 10, 95, fill_id="two")
    desk.wait(SECOND)

    if busted is not None:
        bust(desk, "buy", 10, 150 if busted == "one" else 95, busted)

    assert [mark.price for mark in desk.holding().marks] == marks


def test_best_mark_is_none_of_a_busted_fill() -> None:
    desk = open_desk(only(trailing_stop={"trailing_ratio": "0.1"}), mark=150)
    desk.fill("buy", 10, 150, fill_id="one")
    desk.wait(SECOND)
    desk.price(148)
    desk.fill("buy", 10, 148)

    bust(desk, "buy", 10, 150, "one")
    desk.price(134)
    desk.signal("hold")

    # 148 less a tenth is 133.2; 150 less a tenth was 135.
    assert desk.exits() == []
