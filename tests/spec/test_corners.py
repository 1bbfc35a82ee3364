"""Where rules meet: unknown accounts, cuts by entry rules, wake-ups, empty stops."""

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


def test_cut_to_an_exit_is_rejected_when_it_is_too_small_a_part() -> None:
    rules = only(order_rate={"orders_max": 1}) | {"sizing": {"modify_ratio_min": "0.7"}}
    desk = open_desk(rules)
    desk.fill("buy", 10, 100)
    desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("sell", 15, limit_price="100")

    # 10 are less than 0.7 x 15.
    assert answer_of(decision)[:3] == ("rejected", "0", ["order_rate"])


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


def test_flat_follows_at_once_when_there_is_nothing_to_flatten() -> None:
    desk = open_desk(only())

    desk.control("flatten")

    assert [status for _, status in desk.stops()] == ["triggered", "flat"]
    assert desk.exits() == []


def test_halt_sends_no_exits_and_never_becomes_flat() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.control("halt")
    desk.wait(10 * SECOND)

    assert [status for _, status in desk.stops()] == ["triggered"]
    assert desk.exits() == []


def test_flatten_after_a_halt_sends_the_exits() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("halt")

    desk.control("flatten")

    assert [row["quantity"] for row in desk.exits()] == ["10"]


def test_exits_are_sent_without_any_price() -> None:
    desk = open_desk(only(), mark=None)
    desk.fill("sell", 10, 100)

    desk.control("flatten")

    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [("buy", "10")]


def test_flattening_goes_on_after_the_day_rolls() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    desk.order(desk.exits()[0]["exit_id"], "accepted")
    desk.wait(13 * HOUR)

    desk.order(desk.exits()[0]["exit_id"], "cancelled")
    desk.wait(SECOND)

    assert len(desk.exits()) == 2


def test_hold_is_ignored_even_when_halted() -> None:
    desk = open_desk(only())
    desk.control("halt")

    assert answer_of(desk.signal("hold")) == ("ignored", "0", [], None)


def test_word_on_an_exit_is_matched_by_its_exit_id() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    exit_id = desk.exits()[0]["exit_id"]

    desk.order(exit_id, "accepted", order_id="venue-9")
    desk.fill("sell", 10, 99, order_id="venue-9")

    assert desk.reserved() == {}
    assert desk.stops()[-1] == ("control", "flat")


def test_position_is_kept_apart_per_account() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")

    desk.fill("buy", 10, 100)
    desk.fill("sell", 4, 100, account_id="acct-2")

    held = [desk.state(name)["positions"][0]["quantity"] for name in ("acct-1", "acct-2")]
    assert held == ["10", "-4"]
