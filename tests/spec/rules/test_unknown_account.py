"""Entries need an account that has an opening balance; exits do not."""

from tests.spec.desk import Desk, answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import unopened_desk
from tests.spec.rulebook import only


def test_entry_is_rejected_when_the_account_never_opened() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument()
    desk.price(100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_account"])
    assert decision["equity"] is None


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
    assert numbers_of(exit_, "unknown_account")[0] == "exempt"


def test_entry_passes_when_the_account_is_open() -> None:
    decision = open_desk(only()).signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "unknown_account") == ("pass", None, None, None)


def test_breach_is_explained_when_the_account_never_opened() -> None:
    decision = unopened_desk().signal("buy", 1, limit_price="100")

    message = "The account has no opening balance yet."
    assert explained(decision, "unknown_account") == (None, message)


def test_unopened_account_trades_when_the_rule_is_turned_off() -> None:
    desk = unopened_desk(unknown_account={"enabled": False})

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "unknown_account")
