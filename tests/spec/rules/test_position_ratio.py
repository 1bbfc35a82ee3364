"""The worst case notional of a symbol stays below its share of equity."""

import pytest

from tests.spec.desk import (
    answer_of,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.desks import held_desk, position_desk
from tests.spec.rulebook import only


def test_order_through_zero_counts_only_what_it_leaves_on_the_other_side() -> None:
    desk = position_desk(80)

    decision = desk.signal("sell", 150, limit_price="1")

    # 150 - 80 = 70 short, of 1000.
    assert answer_of(decision) == ("approved", "150", [], None)
    assert numbers_of(decision, "position_ratio") == ("pass", "0.07", "0.1", "0.03")


def test_order_through_zero_is_cut_where_the_other_side_reaches_its_limit() -> None:
    desk = position_desk(80)

    decision = desk.signal("sell", 190, limit_price="1")

    # 80 to close and 100 short; asked were 110 short.
    assert answer_of(decision) == ("modified", "180", ["position_ratio"], "position_ratio")
    assert numbers_of(decision, "position_ratio") == ("breach", "0.11", "0.1", "-0.01")


@pytest.mark.parametrize(("mark", "alerts"), [("110", 0), ("110.01", 1)])
def test_short_is_told_of_when_its_mark_pushes_it_past_its_cap(mark: str, alerts: int) -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": "0.11"}), balance=10_100)
    desk.fill("sell", 10, 100)

    desk.see(mark)

    # 10 x 110 is 1100, and 10 100 - 100 are left: 0.11.
    rows = desk.alerts("position_ratio")
    assert [(row["level"], row["action"]) for row in rows] == [("low", "warn")] * alerts
    assert (desk.exits(), desk.state()["trading_state"]) == ([], "active")


def test_alert_comes_when_the_loss_of_another_position_takes_the_equity() -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": "0.2"}), balance=10_000)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 19, 100)
    desk.fill("buy", 10, 100, symbol="Y")

    desk.see("49", symbol="Y")

    # 1900 of 9490 is past 0.2.
    (alert,) = desk.alerts("position_ratio")
    assert "X" in alert["message"]


def test_position_is_reported_when_a_withdrawal_takes_its_equity() -> None:
    desk = held_desk(10, position_ratio={"position_ratio_max": "0.2"})

    desk.flow("withdrawal", 5000)
    before = len(desk.alerts("position_ratio"))
    desk.flow("withdrawal", 1)

    assert (before, len(desk.alerts("position_ratio"))) == (0, 1)


def test_position_is_told_of_at_once_when_its_own_limits_shrink() -> None:
    desk = held_desk(10, position_ratio={"position_ratio_max": "0.2"})

    desk.limits({"position_ratio": {"position_ratio_max": "0.05"}}, account="acct-1")

    assert len(desk.alerts("position_ratio")) == 1


def test_alert_says_so_when_no_equity_is_left_to_measure_by() -> None:
    desk = held_desk(10, position_ratio={})

    desk.flow("withdrawal", 10_000)

    (alert,) = desk.alerts("position_ratio")
    assert (alert["measured"], alert["limit"]) == (None, "0.1")
    assert alert["message"] == "position_ratio of X: no equity is left"


@pytest.mark.parametrize(
    ("quantity", "answer", "check"),
    [
        (99, ("approved", "99", [], None), ("pass", "0.099", "0.1", "0.001")),
        (100, ("approved", "100", [], None), ("pass", "0.1", "0.1", "0")),
        (
            101,
            ("modified", "100", ["position_ratio"], "position_ratio"),
            ("breach", "0.101", "0.1", "-0.001"),
        ),
    ],
)
def test_order_is_cut_when_its_position_would_be_too_large(
    quantity: int, answer: tuple[object, ...], check: tuple[str, ...]
) -> None:
    desk = position_desk()

    decision = desk.signal("buy", quantity, limit_price="1")

    # 100 at 1 are a tenth of 1000.
    assert answer_of(decision) == answer
    assert numbers_of(decision, "position_ratio") == check


def test_breach_is_explained_when_the_position_would_be_too_large() -> None:
    decision = position_desk().signal("buy", 101, limit_price="1")

    message = "The position would be 0.101 of equity, above the limit of 0.1."
    assert explained(decision, "position_ratio") == ("ratio", message)


def test_exit_is_exempt_when_the_position_is_too_large() -> None:
    desk = position_desk(300)

    decision = desk.signal("sell", 50, limit_price="1")

    # Nothing would be short.
    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "position_ratio") == ("exempt", "0", "0.1", "0.1")


def test_ratio_is_unknown_when_the_mark_of_the_position_is_missing() -> None:
    desk = open_desk(only(position_ratio={}), mark=None)
    desk.fill("buy", 1, 100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "position_ratio") == ("breach", None, "0.1", None)


def test_large_position_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": "0.1", "enabled": False}))

    assert_not_judged(desk.signal("buy", 50, limit_price="100"), "position_ratio")
