"""Net exposure: positions with their signs and all orders of the order's side, over equity."""

import pytest

from tests.spec.desk import (
    Desk,
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import Rules, only

CUT = ["net_exposure"]


def net_rules(limit: str = "0.5") -> Rules:
    return only(net_exposure={"net_exposure_ratio_max": limit})


def net_desk(rules: Rules | None = None) -> Desk:
    """Return a desk of 10 000 that is long 30 X and short 10 Y at a mark of 100."""
    desk = open_desk(rules or net_rules())
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 30, 100)
    desk.fill("sell", 10, 100, symbol="Y")
    return desk


@pytest.mark.parametrize(
    ("quantity", "answer", "numbers"),
    [
        (29, ("approved", "29", [], None), ("pass", "0.49", "0.5", "0.01")),
        (30, ("approved", "30", [], None), ("pass", "0.5", "0.5", "0")),
        (31, ("modified", "30", CUT, CUT[0]), ("breach", "0.51", "0.5", "-0.01")),
    ],
)
def test_buy_is_cut_when_it_would_be_too_long(
    quantity: int, answer: object, numbers: object
) -> None:
    desk = net_desk()

    decision = desk.signal("buy", quantity, limit_price="100")

    # 3000 - 1000 are held: 3000 more make half of 10 000.
    assert answer_of(decision) == answer
    assert numbers_of(decision, "net_exposure") == numbers


@pytest.mark.parametrize(("quantity", "approved"), [(70, "70"), (71, "70")])
def test_sell_is_cut_when_it_would_be_too_short(quantity: int, approved: str) -> None:
    desk = net_desk()

    decision = desk.signal("sell", quantity, limit_price="100", symbol="Y")

    # -2000 + 7000 make half of 10 000.
    assert decision["approved_quantity"] == approved


def test_reserved_orders_of_the_same_side_count_and_others_do_not() -> None:
    desk = net_desk()
    desk.signal("buy", 5, limit_price="100")
    desk.signal("buy", 4, limit_price="90", symbol="Y")
    desk.signal("sell", 20, limit_price="100", symbol="Y")

    buy = desk.signal("buy", 1, limit_price="100", signal_id="buy")
    desk.order("buy", "rejected")
    sell = desk.signal("sell", 1, limit_price="100", symbol="Y")

    # 2000 + 500 + 360 + 100; -2000 + 2000 + 100.
    assert numbers_of(buy, "net_exposure")[1] == "0.296"
    assert numbers_of(sell, "net_exposure")[1] == "0.01"


def test_order_counts_once_when_filled_and_never_when_ended() -> None:
    desk = net_desk()
    desk.signal("buy", 20, limit_price="100", signal_id="ended")
    desk.signal("buy", 10, limit_price="100", signal_id="filled")

    desk.order("ended", "cancelled")
    desk.fill("buy", 4, 100, signal_id="filled")

    # 2000 + 400 are held, 600 reserved, 100 asked.
    decision = desk.signal("buy", 1, limit_price="100")
    assert numbers_of(decision, "net_exposure")[1] == "0.31"


def test_positions_count_at_their_marks() -> None:
    desk = net_desk()

    desk.price(200)
    desk.price(150, "Y")
    decision = desk.signal("buy", 1, limit_price="200", symbol="X")
    on_y = desk.signal("buy", 1, limit_price="100", symbol="Y")

    # Y is known at 100 until something brings its price: (6000 - 1000 + 200) / 13 000.
    assert numbers_of(decision, "net_exposure")[1] == "0.4"
    # (6000 - 1500 + 200 + 100) / 12 500.
    assert numbers_of(on_y, "net_exposure")[1] == "0.384"


def test_sell_counts_at_its_order_price_when_the_market_is_above_it() -> None:
    desk = open_desk(net_rules())

    decision = desk.signal("sell", 10, limit_price="90")

    assert numbers_of(decision, "net_exposure")[1] == "0.09"


def test_sums_are_right_when_the_limit_is_set_later() -> None:
    desk = net_desk(only())
    desk.signal("buy", 5, limit_price="100")

    desk.limits(net_rules())
    decision = desk.signal("buy", 26, limit_price="100")

    assert numbers_of(decision, "net_exposure") == ("breach", "0.51", "0.5", "-0.01")
    assert answer_of(decision)[:2] == ("modified", "25")


def test_sums_are_right_when_the_limit_was_off_in_between() -> None:
    desk = net_desk()
    desk.limits(only())
    desk.fill("buy", 10, 100)

    desk.limits(net_rules())
    decision = desk.signal("buy", 20, limit_price="100")

    assert numbers_of(decision, "net_exposure") == ("pass", "0.5", "0.5", "0")


def test_exit_is_exempt_when_the_account_is_too_long() -> None:
    desk = net_desk(net_rules("0.01"))

    decision = desk.signal("sell", 30, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "net_exposure") == ("exempt", "0.1", "0.01", "-0.09")


def test_rule_is_absent_when_no_limit_is_set() -> None:
    desk = net_desk(only(net_exposure={}))

    assert "net_exposure" not in checks_of(desk.signal("buy", 1, limit_price="100"))


def test_entry_is_rejected_when_equity_is_not_above_zero() -> None:
    desk = open_desk(net_rules(), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", CUT)
    assert numbers_of(decision, "net_exposure") == ("breach", None, "0.5", None)


def test_missing_mark_is_the_reason_when_exposure_is_unknown() -> None:
    desk = open_desk(net_rules() | {"stale_mark": {}})
    desk.instrument("Y")
    desk.fill("buy", 1, 100, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "net_exposure") == ("breach", None, "0.5", None)


@pytest.mark.parametrize("limit", ["-1", "much", {"X": 1}, "1e31"], ids=str)
def test_limit_is_refused_when_it_means_nothing(limit: object) -> None:
    desk = net_desk()

    desk.limits({"net_exposure": {"net_exposure_ratio_max": limit}})

    assert len(desk.alerts("limits")) == 1
    assert desk.signal("buy", 31, limit_price="100")["approved_quantity"] == "30"


def test_breach_is_explained_when_the_account_would_be_too_long() -> None:
    decision = net_desk().signal("buy", 31, limit_price="100")

    message = "Net exposure would be 0.51 of equity, above the limit of 0.5."
    assert explained(decision, "net_exposure") == ("ratio", message)


def test_large_net_exposure_passes_when_the_rule_is_turned_off() -> None:
    rule = {"net_exposure_ratio_max": "0.5", "enabled": False}

    decision = open_desk(only(net_exposure=rule)).signal("buy", 51, limit_price="100")

    assert_not_judged(decision, "net_exposure")
