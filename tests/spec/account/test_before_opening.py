"""What reaches an account before its opening: it is kept, and it holds once the account begins."""

from tests.spec.desk import open_desk
from tests.spec.desks import unopened_desk
from tests.spec.rulebook import only


def test_own_limits_hold_when_they_came_before_the_opening() -> None:
    desk = unopened_desk()

    desk.limits({"order_notional": {"enabled": True, "order_notional_max": "50"}}, account="acct-1")
    desk.flow("opening", 10_000)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["order_notional"]


def test_stop_holds_when_it_came_before_the_opening() -> None:
    desk = unopened_desk()

    desk.control("halt")
    desk.flow("opening", 10_000)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["trading_state"]


def test_state_shows_no_money_before_the_opening() -> None:
    desk = unopened_desk()

    desk.signal("hold")

    state = desk.state()
    assert (state["currency"], state["equity"], state["drawdown_ratio"]) == (None, None, None)
    assert (state["daily"], state["weekly"], state["balance"]) == (None, None, "0")


def test_signal_before_the_opening_counts_as_seen() -> None:
    desk = unopened_desk()
    desk.signal("buy", 1, limit_price="100", signal_id="one")

    desk.flow("opening", 10_000)

    again = desk.signal("buy", 1, limit_price="100", signal_id="one")
    assert again["reasons"] == ["duplicate_signal"]


def test_first_day_opens_at_the_opening_balance_whatever_is_held() -> None:
    desk = unopened_desk()
    desk.fill("buy", 10, 90, executed_at_ms=desk.now_ms - 1)

    desk.flow("opening", 10_000)

    # The 100 won since 90 are PnL of the first day.
    state = desk.state()
    assert (state["equity"], state["daily"]["start_equity"]) == ("10100", "10000")


def test_every_account_has_its_own_opening() -> None:
    desk = open_desk(only())

    desk.flow("opening", 77, account_id="acct-2", flow_id="other")

    assert [desk.state(name)["balance"] for name in ("acct-1", "acct-2")] == ["10000", "77"]


def test_money_won_after_the_openings_time_counts_when_the_opening_comes_late() -> None:
    desk = unopened_desk()
    before_ms = desk.now_ms
    desk.wait(1)
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 103, fee="5")

    desk.flow("opening", 10_000, as_of_ms=before_ms)

    state = desk.state()
    assert (state["balance"], state["trading_state"]) == ("10025", "active")
    for window in (state["daily"], state["weekly"]):
        assert (window["start_equity"], window["realized"], window["pnl"]) == ("10000", "25", "25")
