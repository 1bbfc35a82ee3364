"""No more orders are approved within a window than allowed."""

import pytest

from tests.spec.desk import answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import burst
from tests.spec.rulebook import only


def test_orders_of_the_last_window_count_and_rejected_ones_do_not() -> None:
    desk = open_desk(only(order_rate={"orders_max": 5, "window_ms": 1000}))

    desk.wait(950)
    at_950 = burst(desk, 5)
    desk.wait(100)
    at_1050 = burst(desk, 5)
    desk.wait(900)
    at_1950 = burst(desk, 1)

    assert (at_950, at_1050, at_1950) == (["approved"] * 5, ["rejected"] * 5, ["approved"])


@pytest.mark.parametrize(("after_ms", "verdict"), [(999, "rejected"), (1000, "approved")])
def test_order_leaves_the_window_when_it_is_as_old_as_the_window(
    after_ms: int, verdict: str
) -> None:
    desk = open_desk(only(order_rate={"orders_max": 1, "window_ms": 1000}))
    burst(desk, 1)

    desk.wait(after_ms)

    assert burst(desk, 1) == [verdict]


def test_measured_counts_this_order_too() -> None:
    desk = open_desk(only(order_rate={"orders_max": 3}))
    burst(desk, 2)

    decision = desk.signal("buy", 1, limit_price="100")
    above = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "order_rate") == ("pass", "3", "3", "0")
    assert numbers_of(above, "order_rate") == ("breach", "4", "3", "-1")
    assert (above["reasons"], above["binding_rule"]) == (["order_rate"], None)


def test_exits_pass_the_rate_but_count() -> None:
    desk = open_desk(only(order_rate={"orders_max": 1}))
    desk.fill("buy", 10, 100)

    exits = [desk.signal("sell", 1, limit_price="100")["verdict"] for _ in range(3)]

    assert exits == ["approved"] * 3
    assert numbers_of(desk.signal("buy", 1, limit_price="100"), "order_rate")[1] == "4"


def test_our_own_exits_do_not_count_for_the_rate() -> None:
    desk = open_desk(only(order_rate={"orders_max": 1}))
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    desk.fill("sell", 10, 100, signal_id=desk.exits()[0]["exit_id"])
    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert burst(desk, 2) == ["approved", "rejected"]


def test_larger_opposite_order_becomes_the_exit_after_too_many_orders() -> None:
    desk = open_desk(only(order_rate={"orders_max": 1}))
    desk.fill("buy", 10, 100)
    desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("sell", 15, limit_price="100")

    assert answer_of(decision) == ("modified", "10", ["order_rate"], "order_rate")


def test_cut_to_an_exit_passes_when_it_is_small() -> None:
    rules = only(order_rate={"orders_max": 1}) | {"sizing": {"modify_ratio_min": "0.7"}}
    desk = open_desk(rules)
    desk.fill("buy", 10, 100)
    desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("sell", 15, limit_price="100")

    # 10 are less than 0.7 x 15, which only counts for entries.
    assert answer_of(decision) == ("modified", "10", ["order_rate"], "order_rate")


def test_breach_is_explained_when_orders_come_too_fast() -> None:
    decision = open_desk(only(order_rate={"orders_max": 0})).signal("buy", 1, limit_price="100")

    message = "This would be order 1 in the window; the maximum is 0."
    assert explained(decision, "order_rate") == ("count", message)


def test_exit_is_exempt_when_orders_come_too_fast() -> None:
    desk = open_desk(only(order_rate={"orders_max": 0}))
    desk.fill("buy", 1, 100)

    decision = desk.signal("sell", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "order_rate") == ("exempt", "1", "0", "-1")


def test_fast_order_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(order_rate={"orders_max": 0, "enabled": False}))

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "order_rate")
