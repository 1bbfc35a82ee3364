"""How many orders in a time, how many positions and reservations at all."""

import pytest

from tests.spec.desk import SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import only


def burst(desk: Desk, count: int) -> list[str]:
    """Send signals and return their verdicts."""
    return [desk.signal("buy", 1, limit_price="100")["verdict"] for _ in range(count)]


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


def test_entries_are_rejected_when_a_thousand_orders_are_working() -> None:
    desk = open_desk(only(), balance=10**9)
    burst(desk, 999)

    at_limit = desk.signal("buy", 1, limit_price="100")
    above = desk.signal("buy", 1, limit_price="100")

    assert (at_limit["verdict"], above["verdict"]) == ("approved", "rejected")
    assert above["reasons"] == ["too_many"]
    assert numbers_of(above, "too_many") == ("breach", "1001", "1000", "-1")


def test_account_is_halted_when_a_fill_would_open_the_1001st_position() -> None:
    desk = open_desk(only(), balance=10**9)
    for number in range(1000):
        desk.fill("buy", 1, 1, symbol=f"S{number}")

    before = desk.state()["trading_state"]
    desk.fill("buy", 1, 1, symbol="S1000")

    assert before == "active"
    assert desk.state()["trading_state"] == "halted"
    assert len(desk.state()["positions"]) == 1000


def test_stream_goes_on_in_other_accounts_when_one_is_halted_at_its_bound() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")
    for number in range(1001):
        desk.fill("buy", 1, 1, symbol=f"S{number}")

    desk.wait(SECOND)
    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100", account_id="acct-2")

    assert decision["verdict"] == "approved"
