"""Where rules meet: unknown accounts, cuts by entry rules, wake-ups."""

from tests.spec.desk import HOUR, SECOND, open_desk
from tests.spec.rulebook import only


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


def test_nothing_is_reserved_when_an_order_is_rejected() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "50"}))

    desk.signal("buy", 20, limit_price="100")

    assert desk.reserved() == {}


def test_fill_after_the_cancel_changes_only_the_position() -> None:
    desk = open_desk(only())
    desk.signal("buy", 10, limit_price="100", signal_id="one")
    desk.order("one", "cancelled")

    desk.fill("buy", 3, 100, signal_id="one")

    assert desk.position()["quantity"] == "3"
    assert desk.reserved() == {}
    assert desk.alerts("overfill") + desk.alerts("unmatched_fill") != []
