"""Entries need an account that has an opening balance; exits do not."""

from tests.spec.desk import Desk, answer_of
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
