"""Entries end at the bounds of what an account can hold."""

from tests.spec.desk import SECOND, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import burst
from tests.spec.rulebook import only


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


def test_other_accounts_go_on_when_one_reaches_its_bound() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")
    for number in range(1001):
        desk.fill("buy", 1, 1, symbol=f"S{number}")

    desk.wait(SECOND)
    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100", account_id="acct-2")

    assert decision["verdict"] == "approved"


def test_order_is_counted_beside_what_is_reserved() -> None:
    desk = open_desk(only())
    burst(desk, 2)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "too_many") == ("pass", "3", "1000", "997")


def test_exit_is_exempt_when_a_thousand_positions_are_held() -> None:
    desk = open_desk(only(), balance=10**9)
    for number in range(1000):
        desk.fill("buy", 1, 1, symbol=f"S{number}")
    desk.instrument("S0")

    entry = desk.signal("buy", 1, limit_price="100")
    exit_ = desk.signal("sell", 1, limit_price="1", symbol="S0")

    message = "There would be 1001 positions or reservations; the account holds at most 1000."
    assert explained(entry, "too_many") == ("count", message)
    assert (exit_["verdict"], numbers_of(exit_, "too_many")[0]) == ("approved", "exempt")


def test_check_is_absent_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(too_many={"enabled": False}))

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "too_many")
