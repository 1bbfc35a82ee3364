"""Risk per trade: what an order loses at its stop, with fees, as a share of equity."""

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


def risk_desk(**parameters: Any) -> Desk:
    """Return a desk of 10 000 at a mark of 100 where a trade may lose 0.01 of it."""
    return open_desk(only(risk_per_trade=parameters))


@pytest.mark.parametrize(
    ("quantity", "answer", "numbers"),
    [
        (49, ("approved", "49", [], None), ("pass", "98", "100", "2")),
        (50, ("approved", "50", [], None), ("pass", "100", "100", "0")),
        (
            51,
            ("modified", "50", ["risk_per_trade"], "risk_per_trade"),
            ("breach", "102", "100", "-2"),
        ),
    ],
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_order_is_cut_when_its_stop_would_lose_more_than_the_limit(
    side: str, quantity: int, answer: object, numbers: object
) -> None:
    desk = risk_desk()

    decision = desk.signal(side, quantity, limit_price="100")

    # Two percent of 100 a unit.
    assert answer_of(decision) == answer
    assert numbers_of(decision, "risk_per_trade") == numbers


@pytest.mark.parametrize(
    ("side", "stop", "quantity"), [("buy", "90", "10"), ("sell", "110", "10"), ("buy", "93", "14")]
)
def test_own_stop_counts_when_the_signal_names_one(side: str, stop: str, quantity: str) -> None:
    desk = risk_desk()

    decision = desk.signal(side, 60, limit_price="100", stop_price=stop)

    # 100 / 10, and 100 / 7 = 14.28...
    assert answer_of(decision)[:2] == ("modified", quantity)


def test_fees_of_entry_and_stop_are_part_of_the_risk() -> None:
    desk = risk_desk(fee_ratio="0.001")

    decision = desk.signal("buy", 46, limit_price="100")

    # 2 + 0.001 x (100 + 98) = 2.198 a unit: 46 are 101.108, 45 are 98.91.
    assert numbers_of(decision, "risk_per_trade") == ("breach", "101.108", "100", "-1.108")
    assert answer_of(decision)[:2] == ("modified", "45")


def test_risk_is_multiplied_like_the_contract() -> None:
    desk = risk_desk()
    desk.instrument(multiplier="10")

    decision = desk.signal("buy", 6, limit_price="100")

    assert answer_of(decision)[:2] == ("modified", "5")


@pytest.mark.parametrize(("quantity", "verdict"), [(10, "approved"), (11, "modified")])
def test_market_order_is_at_risk_from_the_reference(quantity: int, verdict: str) -> None:
    rules = only(risk_per_trade={}, price_collar={"collar_ratio": "0.02"})
    desk = open_desk(rules)

    decision = desk.signal("buy", quantity, stop_price="90")

    # From 100 to 90, not from the 102 of the collar: 10 a unit, 100 allowed.
    assert decision["verdict"] == verdict


def test_exit_is_exempt_and_shows_its_numbers() -> None:
    desk = risk_desk()
    desk.fill("buy", 100, 100)

    decision = desk.signal("sell", 100, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "risk_per_trade") == ("exempt", "200", "100", "-100")


def test_opposite_order_keeps_its_exit_when_the_rest_is_too_much_risk() -> None:
    desk = risk_desk()
    desk.fill("buy", 80, 100)

    decision = desk.signal("sell", 120, limit_price="100")

    # 50 at the most as an entry, but 80 are a proven exit.
    assert answer_of(decision) == ("modified", "80", ["risk_per_trade"], "risk_per_trade")


@pytest.mark.parametrize("loss", [0, 1])
def test_order_is_rejected_when_equity_is_not_above_zero(loss: int) -> None:
    desk = open_desk(only(risk_per_trade={}), balance=0)
    if loss:
        desk.fill("buy", 1, 100)
        desk.price(99)

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", ["risk_per_trade"])
    assert checks_of(decision)["risk_per_trade"]["measured"] is None


def test_missing_mark_is_the_reason_when_risk_is_unknown() -> None:
    desk = open_desk(only(risk_per_trade={}, stale_mark={}), mark=None)

    decision = desk.signal("buy", 1)

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "risk_per_trade") == ("breach", None, "100", None)


@pytest.mark.parametrize(
    ("stop", "quantity"), [("89", "9"), ("90", "10"), ("91", "10"), ("80.01", "5")]
)
def test_sized_order_risks_no_more_than_allowed(stop: str, quantity: str) -> None:
    desk = risk_desk()

    decision = desk.signal("buy", None, limit_price="100", stop_price=stop)

    # At most 10 by position_ratio_max; 100 / 11 = 9.09, 100 / 10, 100 / 9, 100 / 19.99 = 5.002.
    assert decision["requested_quantity"] == quantity
    assert answer_of(decision) == ("approved", quantity, [], None)


def test_sized_order_ignores_the_risk_when_that_rule_is_off() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", None, limit_price="100", stop_price="1")

    assert answer_of(decision) == ("approved", "10", [], None)


def test_other_share_counts_in_gate_and_sizing_when_limits_set_it() -> None:
    desk = risk_desk(risk_per_trade_ratio="0.001")

    sized = desk.signal("buy", None, limit_price="100")
    asked = desk.signal("buy", 6, limit_price="100")

    assert sized["requested_quantity"] == "5"
    assert answer_of(asked)[:2] == ("modified", "5")


@pytest.mark.parametrize(
    "parameters",
    [
        {"risk_per_trade_ratio": "-0.01"},
        {"risk_per_trade_ratio": "much"},
        {"risk_per_trade_ratio": {"X": "0.01"}},
        {"fee_ratio": "NaN"},
        {"risk_ratio": "0.01"},
    ],
    ids=str,
)
def test_parameters_are_refused_when_they_mean_nothing(parameters: dict[str, object]) -> None:
    desk = risk_desk()

    desk.limits({"risk_per_trade": parameters})

    assert len(desk.alerts("limits")) == 1
    assert answer_of(desk.signal("buy", 60, limit_price="100"))[:2] == ("modified", "50")


def test_breach_is_explained_when_a_trade_risks_too_much() -> None:
    decision = risk_desk().signal("buy", 51, limit_price="100")

    message = "The order would lose 102 at its stop price, above the maximum of 100."
    assert explained(decision, "risk_per_trade") == ("money", message)


def test_risky_order_passes_when_the_rule_is_turned_off() -> None:
    decision = risk_desk(enabled=False).signal("buy", 51, limit_price="100")

    assert_not_judged(decision, "risk_per_trade")
