"""Several rules cut one order: the smallest size counts, and the first that needs it binds."""

import pytest

from tests.spec.desk import SECOND, Desk, answer_of, open_desk
from tests.spec.rulebook import only


def half_open(**more: dict[str, int]) -> Desk:
    """Return a desk whose circuit breaker lets in half of what is asked."""
    breaker = {"consecutive_losses_max": 1, "cooldown_ms": SECOND}
    desk = open_desk(only(circuit_breaker=breaker, **more))
    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 99)
    desk.wait(SECOND)
    return desk


@pytest.mark.parametrize(
    ("most", "quantity", "binding"),
    [
        (300, "3", "order_notional"),
        (500, "5", "order_notional"),
        (700, "5", "circuit_breaker"),
    ],
)
def test_half_is_let_in_when_another_rule_leaves_no_less(
    most: int, quantity: str, binding: str
) -> None:
    desk = half_open(order_notional={"order_notional_max": most})

    decision = desk.signal("buy", 10, limit_price="100")

    reasons = ["order_notional", "circuit_breaker"]
    assert answer_of(decision) == ("modified", quantity, reasons, binding)


def test_first_of_the_table_binds_when_two_rules_leave_the_same() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": 500}))
    desk.instrument(max_quantity="5")

    decision = desk.signal("buy", 8, limit_price="100")

    reasons = ["instrument", "order_notional"]
    assert answer_of(decision) == ("modified", "5", reasons, "instrument")


# A fall of 120 of 10 000 is 0.012: 0.3 + 0.25 + 0.25 x 0.012 / 0.05 = 0.61, and half of 9 is 4.
def test_score_halves_what_the_other_rules_leave() -> None:
    desk = open_desk(only(risk_score={}, order_notional={"order_notional_max": 900}))
    desk.fill("buy", 200, 100)
    desk.wait(SECOND)
    desk.price("99.4")

    decision = desk.signal("buy", 11, limit_price="100", confidence="0")

    reasons = ["order_notional", "risk_score"]
    assert decision["risk_score"] == "0.61"
    assert answer_of(decision) == ("modified", "4", reasons, "risk_score")


def test_forbidding_rule_leaves_the_exit_when_a_limit_leaves_more() -> None:
    rules = only(daily_loss={"on_breach": "warn"}, position_quantity={"position_quantity_max": 5})
    desk = open_desk(rules)
    desk.fill("buy", 10, 130)

    decision = desk.signal("sell", 30, limit_price="100")

    reasons = ["position_quantity", "daily_loss"]
    assert answer_of(decision) == ("modified", "10", reasons, "daily_loss")
