"""Entries end once equity is too far below its peak."""

from tests.spec.desk import Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


def loss_desk(rule: str, parameter: str, loss: str) -> Desk:
    """Return a desk of 10 000 that may lose 0.02 of it and has lost an amount, only warned."""
    desk = open_desk(only(**{rule: {parameter: "0.02", "on_breach": "warn"}}))
    desk.lose(loss)
    return desk


def test_drawdown_is_shown_as_a_ratio() -> None:
    desk = loss_desk("drawdown", "drawdown_ratio_max", "150")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "drawdown") == ("pass", "0.015", "0.02", "0.005")


def test_larger_opposite_order_is_cut_to_the_exit_when_an_entry_rule_forbids_the_rest() -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05", "on_breach": "warn"}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 6, 10)

    decision = desk.signal("sell", 7, limit_price="100")

    # 6 x 90 lost of 10 000 is 0.054; 4 are left to close.
    assert answer_of(decision) == ("modified", "4", ["drawdown"], "drawdown")
