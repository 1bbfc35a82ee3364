"""Positions fold out of fills: exact cost, realized PnL, fees, duplicates, unknown instruments."""

from decimal import Decimal

from tests.spec.desk import open_desk
from tests.spec.desks import held
from tests.spec.rulebook import only


def rounded(text: str, places: int) -> Decimal:
    """Return a number as the tables show it."""
    return round(Decimal(text), places)


def test_cost_and_realized_are_exact_when_five_fills_pay_fees() -> None:
    desk = open_desk(only())

    for side, bought, price in (
        ("buy", 12, 100), ("buy", 17, 99), ("sell", 9, 101), ("sell", 4, 105), ("buy", 3, 103),
    ):  # fmt: skip
        desk.fill(side, bought, price, fee=Decimal(bought * price) / 10_000)

    # 2883 for 29; 9 and 4 leave at 2883/29 each: 909 + 420 - 2883 x 13/29; fees 0.4521.
    quantity, average, realized = held(desk)
    assert quantity == "19"
    assert rounded(average, 12) == Decimal("99.980036297641")
    assert rounded(realized, 8) == Decimal("36.16858966")


def test_closed_part_is_realized_when_a_fill_goes_through_zero() -> None:
    desk = open_desk(only(), mark=40_000)

    desk.fill("sell", "0.1", 50_000, fee="5")
    desk.fill("buy", "0.2", 40_000, fee="10")

    # 0.1 x (50 000 - 40 000) - 5 - 10.
    assert held(desk) == ("0.1", "40000", "985")


def test_long_turns_short_when_more_is_sold_than_held() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100)
    desk.fill("sell", 15, 110)

    assert held(desk) == ("-5", "110", "100")


def test_average_moves_when_the_same_side_adds() -> None:
    desk = open_desk(only())

    desk.fill("sell", 10, 100)
    desk.fill("sell", 30, 104)

    # 4120 for 40.
    assert held(desk) == ("-40", "103", "0")


def test_average_stays_when_a_part_is_closed() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100)
    desk.fill("sell", 4, 90)

    assert held(desk) == ("6", "100", "-40")


def test_no_cost_is_left_when_thirds_are_closed_one_by_one() -> None:
    desk = open_desk(only())
    desk.fill("buy", 3, "33.34")
    desk.fill("buy", 4, "33.33")

    for _ in range(7):
        desk.fill("sell", 1, "33.40")

    # 7 x 33.40 - 100.02 - 133.32 = 0.46.
    assert desk.state()["balance"] == "10000.46"


def test_fee_is_realized_whole_when_a_fill_opens() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fee="2.5")

    assert held(desk) == ("10", "100", "-2.5")
    assert desk.state()["balance"] == "9997.5"


def test_rebate_is_gained_when_the_fee_is_negative() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fee="-2.5")

    assert desk.state()["balance"] == "10002.5"


def test_realized_goes_on_when_a_position_went_flat_and_opens_again() -> None:
    desk = open_desk(only())

    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 110)
    desk.fill("buy", 1, 120)

    assert held(desk) == ("1", "120", "10")


def test_fills_fold_in_order_of_arrival_when_they_were_executed_in_another() -> None:
    desk = open_desk(only())

    desk.fill("sell", 5, 110, executed_at_ms=desk.now_ms + 20)
    desk.fill("buy", 10, 100, executed_at_ms=desk.now_ms + 10)

    assert held(desk) == ("5", "100", "50")


def test_fill_is_booked_at_its_price_when_that_may_be_negative() -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument(prices_may_be_negative=True)
    desk.price(-5)

    desk.fill("buy", 10, 0)
    desk.fill("buy", 10, -10)

    # Cost -100 for 20; at -5 they are worth -100.
    assert held(desk) == ("20", "-5", "0")
    assert desk.state()["equity"] == "10000"


def test_second_fill_changes_nothing_when_its_id_was_seen() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fill_id="one", fee="1")
    desk.fill("buy", 10, 100, fill_id="one", fee="1")

    assert held(desk) == ("10", "100", "-1")


def test_repeated_fill_changes_nothing_when_the_position_was_closed_and_opened_again() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fill_id="one")
    desk.fill("sell", 10, 110)
    desk.fill("buy", 3, 105)
    desk.fill("buy", 10, 100, fill_id="one")

    assert held(desk) == ("3", "105", "100")


def test_both_sides_are_booked_when_a_self_trade_has_one_fill_id() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fill_id="self", fee="1")
    desk.fill("sell", 10, 100, fill_id="self", fee="1")

    assert desk.state()["balance"] == "9998"
    assert desk.state()["gross_exposure"] == "0"


def test_both_symbols_are_booked_when_their_fills_have_one_id() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(50, "Y")

    desk.fill("buy", 10, 100, fill_id="same")
    desk.fill("buy", 10, 50, fill_id="same", symbol="Y")

    assert held(desk, "X") == ("10", "100", "0")
    assert held(desk, "Y") == ("10", "50", "0")


def test_fill_is_booked_and_entries_wait_when_its_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")

    desk.fill("buy", 10, 20, symbol="Y")
    of_the_symbol = desk.signal("buy", 1, symbol="Y")
    of_another = desk.signal("buy", 1, limit_price="100")

    assert held(desk, "Y")[:2] == ("10", "20")
    assert desk.state()["equity"] is None
    assert "unknown_instrument" in of_the_symbol["reasons"]
    assert (of_another["verdict"], of_another["reasons"]) == ("rejected", ["unknown_instrument"])


def test_equity_is_known_again_when_the_pending_instrument_comes() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")
    desk.fill("buy", 10, 20, symbol="Y")

    desk.instrument("Y")
    desk.price(21, "Y")
    decision = desk.signal("buy", 1, symbol="Y", limit_price="21")

    assert decision["verdict"] == "approved"
    assert desk.state()["equity"] == "10010"


def test_changed_multiplier_is_refused_while_the_symbol_is_held() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.instrument(multiplier="10")
    desk.price(101)
    desk.signal("buy", 1, limit_price="100")

    assert len(desk.alerts("instrument")) == 1
    assert desk.state()["equity"] == "10010"


def test_changed_tick_counts_while_the_symbol_is_held() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.instrument(tick_size="0.5")
    decision = desk.signal("buy", 1, limit_price="100.25")

    assert decision["reasons"] == ["instrument"]
    assert desk.alerts("instrument") == []


def test_state_is_told_when_a_snapshot_is_adopted() -> None:
    desk = open_desk(only())
    desk.snapshot(5, 100)

    desk.snapshot(7, 100)

    (row,) = desk.sent("account_states")[-1]["positions"]
    assert row["quantity"] == "7"
