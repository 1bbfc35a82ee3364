"""Exits, stops, caps and order words where they meet."""

from tests.spec.desk import SECOND, Desk, Row, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


def quantities(rows: list[Row]) -> list[str]:
    return [row["quantity"] for row in rows]


def stopped_out() -> Desk:
    """Return a desk whose stop_loss just sent an exit of 10."""
    desk = open_desk(only(stop_loss={}))
    entry = desk.signal("buy", 10, stop_price="90")["signal_id"]
    desk.fill("buy", 10, 100, signal_id=entry)
    desk.wait(SECOND)
    desk.price(90)
    desk.signal("hold")
    return desk


def test_rest_is_sent_when_our_exit_filled_in_part() -> None:
    desk = stopped_out()
    (sent,) = desk.exits()
    desk.signal("sell", 5)
    desk.fill("sell", 4, 89, signal_id=sent["exit_id"])

    desk.order(sent["exit_id"], "cancelled", filled_quantity="4")
    desk.wait(2 * SECOND)

    assert quantities(desk.exits()) == ["10", "1"]


def test_flatten_sends_the_rest_once_a_stops_exit_ended() -> None:
    desk = stopped_out()
    (sent,) = desk.exits()
    desk.control("flatten")
    before = desk.stops()

    desk.fill("sell", 4, 89, signal_id=sent["exit_id"])
    desk.order(sent["exit_id"], "cancelled", filled_quantity="4")
    desk.wait(2 * SECOND)

    assert before == [("control", "triggered")]
    assert desk.stops() == [("control", "triggered"), ("control", "flattening")]
    assert quantities(desk.exits()) == ["10", "6"]


def test_entry_that_fills_under_its_stop_is_closed_too() -> None:
    desk = open_desk(only(stop_loss={}))
    entry = desk.signal("buy", 10, stop_price="90")["signal_id"]
    desk.fill("buy", 5, 100, signal_id=entry)
    desk.price(89)
    desk.signal("hold")
    (sent,) = desk.exits()

    desk.fill("buy", 5, 89, signal_id=entry)
    desk.fill("sell", 5, 89, signal_id=sent["exit_id"])
    desk.wait(2 * SECOND)

    assert quantities(desk.exits()) == ["5", "5"]


def test_other_way_is_flattened_when_an_exit_fills_beyond_the_position() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    (sent,) = desk.exits()

    desk.fill("sell", 12, 100, signal_id=sent["exit_id"])
    desk.wait(2 * SECOND)

    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [
        ("sell", "10"),
        ("buy", "2"),
    ]


def test_no_second_exit_is_sent_while_a_filled_one_waits() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    (sent,) = desk.exits()

    desk.order(sent["exit_id"], "filled", filled_quantity="10")
    desk.wait(30 * SECOND)
    waiting = quantities(desk.exits())
    desk.fill("sell", 10, 100, signal_id=sent["exit_id"])

    assert (waiting, desk.stops()[-1]) == (["10"], ("control", "flat"))


def test_only_the_rejected_symbol_is_sent_again_when_two_are_flattened() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(10, "Y")
    desk.fill("buy", 5, 100)
    desk.fill("buy", 6, 10, symbol="Y")
    desk.control("flatten")
    exit_x = next(row for row in desk.exits() if row["symbol"] == "X")

    desk.order(exit_x["exit_id"], "rejected", filled_quantity="0")
    desk.wait(2 * SECOND)

    assert [(row["symbol"], row["quantity"]) for row in desk.exits()] == [
        ("X", "5"),
        ("Y", "6"),
        ("X", "5"),
    ]


def test_stop_price_of_an_exit_is_no_stop_of_the_position() -> None:
    desk = open_desk(only(stop_loss={}))
    entry = desk.signal("buy", 10, stop_price="90")["signal_id"]
    desk.fill("buy", 10, 100, signal_id=entry)
    leave = desk.signal("sell", 3, stop_price="120")["signal_id"]
    desk.fill("sell", 3, 100, signal_id=leave)

    desk.wait(SECOND)
    desk.price(95)
    desk.signal("hold")

    assert desk.exits() == []


def test_stop_of_a_turning_order_holds_once_it_has_turned() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", 10, 100)
    turn = desk.signal("sell", 15, stop_price="105")["signal_id"]
    desk.fill("sell", 10, 100, signal_id=turn)
    desk.fill("sell", 5, 104, signal_id=turn)

    desk.wait(SECOND)
    desk.price(105)
    desk.signal("hold")

    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [("buy", "5")]


def test_worst_case_crosses_zero_with_a_turning_orders_rest() -> None:
    desk = open_desk(only(position_quantity={"position_quantity_max": 10}))
    desk.fill("buy", 10, 100)
    turn = desk.signal("sell", 20)["signal_id"]
    desk.fill("sell", 13, 100, signal_id=turn)

    # Short 3 with 7 to come; the buy first closes 3.
    assert numbers_of(desk.signal("sell", 1), "position_quantity")[1] == "11"
    assert answer_of(desk.signal("buy", 20))[:2] == ("modified", "13")


def test_largest_quantity_fits_five_caps_and_a_lot_that_divides_none() -> None:
    caps = only(
        order_notional={"order_notional_max": "777"},
        order_ratio={"order_ratio_max": "0.0779"},
        position_ratio={"position_ratio_max": "0.09"},
        position_quantity={"position_quantity_max": "90.5"},
        risk_per_trade={"risk_per_trade_ratio": "0.0031", "fee_ratio": "0.002"},
    )
    desk = open_desk(caps, mark=None)
    desk.instrument(lot_size="0.07", min_quantity="0.07")
    desk.price(bid="8.9", ask="9.1")
    desk.fill("buy", "7.07", 9)

    decision = desk.signal("buy", 200, limit_price="9.05", stop_price="8.7")

    # 0.0031 x 9999.293 / (0.35 + 0.002 x 17.75) = 80.409...; 1148 lots are 80.36.
    assert answer_of(decision)[1::2] == ("80.36", "risk_per_trade")


def test_only_the_exit_passes_when_a_cap_falls_below_the_position() -> None:
    desk = open_desk(only(position_ratio={}))
    desk.fill("buy", 10, 100)

    desk.limits(only(position_ratio={"position_ratio_max": "0.05"}))
    entry, leave = desk.signal("buy", 1), desk.signal("sell", 3)

    assert answer_of(entry) == ("rejected", "0", ["position_ratio"], "position_ratio")
    assert (leave["verdict"], leave["limits_version"]) == ("approved", "2.0")


def test_stop_stays_when_the_rule_that_made_it_is_turned_off() -> None:
    desk = open_desk(only(daily_loss={"on_breach": "reduce"}))
    desk.fill("buy", 100, 100)
    desk.fill("sell", 100, 97)

    desk.limits(only())

    assert desk.state()["trading_state"] == "reducing"


def test_resume_of_a_loss_stop_forgets_the_rapid_loss() -> None:
    breaker = {"rapid_loss_ratio": "0.01", "rapid_window_ms": 600_000, "cooldown_ms": 10_000_000}
    desk = open_desk(only(daily_loss={}, circuit_breaker=breaker))
    desk.fill("buy", 100, 100)
    desk.fill("sell", 100, 97)
    stop_id = desk.sent("emergency_stops")[0]["stop_id"]

    desk.control("resume", stop_id=stop_id)
    desk.wait(2 * SECOND)

    assert answer_of(desk.signal("buy", 4))[:2] == ("approved", "4")


def test_scale_is_of_what_was_asked_and_not_of_its_floor() -> None:
    breaker = {"consecutive_losses_max": 1, "cooldown_ms": 1000, "half_open_scale": "0.9"}
    desk = open_desk(only(circuit_breaker=breaker))
    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 99)
    desk.wait(SECOND)

    # 0.9 x 11.9 = 10.71, where 0.9 x 11 would be 9.9.
    assert answer_of(desk.signal("buy", "11.9"))[1::2] == ("10", "circuit_breaker")


def test_account_stop_stays_when_everyones_is_lifted_and_the_other_way_round() -> None:
    desk = open_desk(only())
    desk.control("reduce", account_id="*", control_id="all")
    desk.control("halt")
    own = next(row["stop_id"] for row in desk.sent("emergency_stops") if row["stop_id"] != "all")

    desk.control("resume", account_id="*", stop_id="all")
    first = desk.state()["trading_state"]
    desk.control("resume", stop_id=own)

    assert (first, desk.state()["trading_state"]) == ("halted", "active")
