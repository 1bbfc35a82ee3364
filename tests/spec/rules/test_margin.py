"""Margin: the worst case of a symbol against the equity that all other exposure leaves."""

from typing import Any

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
from tests.spec.rulebook import only


def margin_desk(**parameters: Any) -> Desk:
    """Return a desk of 10 000 at a mark of 100 that trades on margin."""
    desk = open_desk(only(margin=parameters))
    desk.instrument("Y")
    desk.price(100, "Y")
    return desk


@pytest.mark.parametrize(
    ("parameters", "quantity"),
    [
        ({"leverage": 5}, 500),
        ({"initial_margin_ratio": "0.25"}, 400),
        ({"initial_margin_ratio": "0.5", "leverage": "2"}, 400),
        ({"leverage": "0.5"}, 50),
    ],
    ids=str,
)
def test_order_is_cut_to_what_equity_margins(parameters: dict[str, Any], quantity: int) -> None:
    desk = margin_desk(**parameters)

    at_limit = desk.signal("buy", quantity, limit_price="100", signal_id="at-limit")
    desk.order("at-limit", "rejected")
    above = desk.signal("sell", quantity + 1, limit_price="100")

    # 10 000 x leverage / ratio / 100.
    assert numbers_of(at_limit, "margin") == ("pass", "10000", "10000", "0")
    assert answer_of(at_limit)[:2] == ("approved", str(quantity))
    assert answer_of(above) == ("modified", str(quantity), ["margin"], "margin")


def test_all_other_exposure_takes_its_margin_first() -> None:
    desk = margin_desk(leverage=5)
    desk.fill("buy", 60, 100, symbol="Y")
    desk.signal("buy", 40, limit_price="100", symbol="Y")

    decision = desk.signal("buy", 401, limit_price="100")

    # Y could become 100 x 100 / 5 = 2000.
    assert numbers_of(decision, "margin") == ("breach", "8020", "8000", "-20")
    assert answer_of(decision)[:2] == ("modified", "400")


def test_own_symbol_counts_whole_on_the_side_of_the_order() -> None:
    desk = margin_desk(leverage=1)
    desk.fill("buy", 60, 100)

    more = desk.signal("buy", 10, limit_price="100", signal_id="more")
    desk.order("more", "rejected")
    turned = desk.signal("sell", 161, limit_price="100")

    # Long 70; short 101 is one too many.
    assert numbers_of(more, "margin") == ("pass", "7000", "10000", "3000")
    assert answer_of(turned) == ("modified", "160", ["margin"], "margin")


def test_limit_is_larger_when_profit_is_unrealized() -> None:
    desk = margin_desk(leverage=2)
    desk.fill("buy", 10, 100, symbol="Y")

    desk.price(150, "Y")
    decision = desk.signal("buy", 1, limit_price="100")

    # 10 500 less 1500 / 2.
    assert numbers_of(decision, "margin") == ("pass", "50", "9750", "9700")


def test_cash_is_not_asked_while_margin_is_on() -> None:
    desk = open_desk(only(margin={"leverage": 5}, cash={}))

    decision = desk.signal("buy", 400, limit_price="100")

    assert decision["verdict"] == "approved"
    assert "cash" not in checks_of(decision)


@pytest.mark.parametrize("margin", [{}, {"leverage": 5, "enabled": False}], ids=str)
def test_cash_is_asked_when_margin_is_unset_or_turned_off(margin: dict[str, Any]) -> None:
    desk = open_desk(only(margin=margin, cash={}))

    decision = desk.signal("buy", 400, limit_price="100")

    assert answer_of(decision) == ("modified", "100", ["cash"], "cash")
    assert "margin" not in checks_of(decision)


def test_balance_snapshot_of_a_margin_account_is_its_balance() -> None:
    desk = open_desk(only(margin={"leverage": 5}, cash={}))
    desk.fill("buy", 50, 100)

    desk.flow("snapshot", 10_000)

    assert desk.alerts("drift") == []


def test_exit_is_exempt_when_margin_is_short() -> None:
    desk = margin_desk(leverage=1)
    desk.fill("buy", 60, 100)
    desk.fill("buy", 60, 100, symbol="Y")

    decision = desk.signal("sell", 60, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "margin") == ("exempt", "0", "4000", "4000")


def test_entry_is_rejected_when_equity_is_not_above_zero() -> None:
    desk = open_desk(only(margin={"leverage": 5}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", ["margin"])
    assert checks_of(decision)["margin"]["measured"] is None


def test_missing_mark_is_the_reason_when_margin_is_unknown() -> None:
    desk = open_desk(only(margin={"leverage": 5}, stale_mark={}))
    desk.instrument("Y")
    desk.fill("buy", 1, 100, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "margin") == ("breach", None, None, None)


@pytest.mark.parametrize(
    "parameters",
    [{"leverage": 0}, {"leverage": "-2"}, {"initial_margin_ratio": "-1"}, {"leverage": {"X": 2}}],
    ids=str,
)
def test_parameters_are_refused_when_they_mean_nothing(parameters: dict[str, Any]) -> None:
    desk = margin_desk(leverage=5)

    desk.limits({"margin": parameters})

    assert len(desk.alerts("limits")) == 1
    assert desk.signal("buy", 501, limit_price="100")["approved_quantity"] == "500"


def test_breach_is_explained_when_the_free_margin_is_too_little() -> None:
    decision = margin_desk(leverage=5).signal("buy", 501, limit_price="100")

    # 501 x 100 / 5 of 10 000.
    message = "The position would need a margin of 10020, but only 10000 is free."
    assert numbers_of(decision, "margin") == ("breach", "10020", "10000", "-20")
    assert explained(decision, "margin") == ("money", message)


def test_large_order_passes_when_the_rule_is_turned_off() -> None:
    decision = margin_desk(leverage=5, enabled=False).signal("buy", 501, limit_price="100")

    assert_not_judged(decision, "margin")
