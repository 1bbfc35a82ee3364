"""Where rules meet: unknown accounts, cuts by entry rules, wake-ups."""

import pytest

from tests.spec.desk import HOUR, SECOND, Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


def test_exit_passes_when_the_account_never_opened() -> None:
    desk = Desk()
    desk.limits(only(cash={}, drawdown={}))
    desk.instrument()
    desk.price(100)
    desk.fill("buy", 10, 100)

    entry = desk.signal("buy", 1, limit_price="100")
    exit_ = desk.signal("sell", 10, limit_price="100")

    assert entry["reasons"] == ["unknown_account"]
    assert answer_of(exit_) == ("approved", "10", [], None)


def test_even_an_exit_is_rejected_when_its_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")
    desk.fill("buy", 10, 20, symbol="Y")

    decision = desk.signal("sell", 10, symbol="Y", limit_price="20")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_instrument"])


def test_order_in_an_unknown_instrument_is_rejected_though_no_rule_asks_for_it() -> None:
    off = {"enabled": False}
    desk = open_desk(only(unknown_instrument=off, instrument=off))
    desk.price(20, "Y")

    decision = desk.signal("buy", 1, symbol="Y", limit_price="20")

    assert answer_of(decision) == ("rejected", "0", ["unknown_instrument"], None)


def test_exit_of_a_known_symbol_passes_while_another_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.fill("buy", 10, 20, symbol="Y")

    decision = desk.signal("sell", 10, limit_price="100")

    assert answer_of(decision) == ("approved", "10", [], None)


@pytest.mark.parametrize(("limit", "measured"), [("90", "900"), ("110", "1100")])
def test_notional_of_an_exit_is_at_its_order_price(limit: str, measured: str) -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "5000"}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price=limit)

    assert numbers_of(decision, "order_notional")[1] == measured


def test_notional_of_a_sell_that_only_begins_as_an_exit_is_at_the_reference_for_all_of_it() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "5000"}))
    desk.fill("buy", 5, 100)

    decision = desk.signal("sell", 10, limit_price="90")

    assert numbers_of(decision, "order_notional")[1] == "1000"


def test_larger_opposite_order_is_cut_to_the_exit_when_too_many_orders_went_before() -> None:
    desk = open_desk(only(order_rate={"orders_max": 1}))
    desk.fill("buy", 10, 100)
    desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("sell", 15, limit_price="100")

    assert answer_of(decision) == ("modified", "10", ["order_rate"], "order_rate")


def test_larger_opposite_order_is_rejected_when_its_signal_is_too_old() -> None:
    desk = open_desk(only(signal_age={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 15, limit_price="100", created_at_ms=desk.now_ms - 6000)

    assert answer_of(decision) == ("rejected", "0", ["signal_age"], None)


def test_cut_to_an_exit_passes_however_small_a_part_of_what_was_asked() -> None:
    rules = only(order_rate={"orders_max": 1}) | {"sizing": {"modify_ratio_min": "0.7"}}
    desk = open_desk(rules)
    desk.fill("buy", 10, 100)
    desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("sell", 15, limit_price="100")

    # 10 are less than 0.7 x 15, which only counts for entries.
    assert answer_of(decision) == ("modified", "10", ["order_rate"], "order_rate")


def test_peak_does_not_rise_while_a_mark_is_stale() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(50, "Y")
    desk.fill("buy", 1, 50, symbol="Y")
    desk.wait(61 * SECOND)

    desk.price(100)
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 110)
    stale = desk.state()["peak_equity"]
    for _ in range(4):
        desk.price(50, "Y")
        desk.wait(SECOND)
        desk.signal("hold", symbol="Y")

    assert (stale, desk.state()["peak_equity"]) == ("10000", "10100")


def test_account_wakes_for_what_comes_first() -> None:
    desk = open_desk(only())
    midnight_ms = desk.now_ms + 12 * HOUR

    wakes = [desk.state()["wake_at_ms"]]
    desk.signal("buy", 1, limit_price="100", signal_id="one")
    wakes.append(desk.state()["wake_at_ms"])
    desk.order("one", "accepted")
    wakes.append(desk.state()["wake_at_ms"])
    desk.order("one", "cancelled")
    wakes.append(desk.state()["wake_at_ms"])

    now_ms = desk.now_ms
    assert wakes[0] == wakes[3] == midnight_ms
    assert wakes[1] == now_ms + 60_000
    assert now_ms + HOUR <= wakes[2] <= now_ms + HOUR + 1


def test_account_wakes_a_second_after_it_first_saw_an_unconfirmed_breach() -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}))
    desk.fill("buy", 10, 100)
    desk.price(1)
    desk.signal("hold")
    first_ms = desk.now_ms

    desk.wait(300)
    desk.signal("hold")

    state = desk.state()
    assert (state["confirming"], state["wake_at_ms"]) == (True, first_ms + SECOND)


def test_position_is_kept_apart_per_account() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")

    desk.fill("buy", 10, 100)
    desk.fill("sell", 4, 100, account_id="acct-2")

    held = [desk.state(name)["positions"][0]["quantity"] for name in ("acct-1", "acct-2")]
    assert held == ["10", "-4"]


def test_modified_order_reserves_what_was_approved() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "500"}))

    decision = desk.signal("buy", 20, limit_price="100")

    assert desk.reserved() == {decision["signal_id"]: "5"}


def test_rejected_order_reserves_nothing() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "50"}))

    desk.signal("buy", 20, limit_price="100")

    assert desk.reserved() == {}


def test_whole_rest_is_floored_to_the_lot() -> None:
    desk = open_desk(only())
    desk.fill("buy", "10.5", 100)

    decision = desk.signal("sell", "10.5", limit_price="100")

    assert answer_of(decision) == ("modified", "10", [], "instrument")


def test_fill_after_the_cancel_changes_only_the_position() -> None:
    desk = open_desk(only())
    desk.signal("buy", 10, limit_price="100", signal_id="one")
    desk.order("one", "cancelled")

    desk.fill("buy", 3, 100, signal_id="one")

    assert desk.position()["quantity"] == "3"
    assert desk.reserved() == {}
    assert desk.alerts("overfill") + desk.alerts("unmatched_fill") != []


def test_fee_of_reserved_orders_is_bound_too() -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.01"}), balance=1000)
    desk.signal("buy", 5, limit_price="100")

    decision = desk.signal("buy", 4, limit_price="100")

    # 1000 - 500 x 1.01; 400 x 1.01.
    assert numbers_of(decision, "cash") == ("pass", "404", "495", "91")


def test_second_exit_beyond_the_position_needs_cash() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 5, 100)
    desk.signal("sell", 5, limit_price="100")

    decision = desk.signal("sell", 5, limit_price="100")

    assert numbers_of(decision, "cash") == ("pass", "500", "500", "0")


def test_limit_without_a_star_holds_only_for_the_symbols_it_names() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": {"Y": "1"}}))

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert {c["limit"] for c in decision["checks"] if c["rule"] == "order_notional"} <= {None}
