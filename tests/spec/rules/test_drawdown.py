"""Entries end once equity is too far below its peak."""

import pytest

from tests.spec.desk import answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import loss_desk
from tests.spec.rulebook import only

LOSSES = [("199.99", "approved"), ("200", "approved"), ("200.01", "rejected")]


@pytest.mark.parametrize(("loss", "verdict"), LOSSES)
def test_entry_is_rejected_when_the_loss_is_above_its_limit(loss: str, verdict: str) -> None:
    desk = loss_desk("drawdown", loss)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else ["drawdown"])


def test_drawdown_is_shown_as_a_ratio() -> None:
    desk = loss_desk("drawdown", "150")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "drawdown") == ("pass", "0.015", "0.02", "0.005")


def test_larger_opposite_order_is_cut_to_the_exit_when_equity_is_low() -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05", "on_breach": "warn"}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 6, 10)

    decision = desk.signal("sell", 7, limit_price="100")

    # 6 x 90 lost of 10 000 is 0.054; 4 are left to close.
    assert answer_of(decision) == ("modified", "4", ["drawdown"], "drawdown")


def test_breach_is_explained_when_equity_is_too_far_below_its_peak() -> None:
    decision = loss_desk("drawdown", "300").signal("buy", 1, limit_price="100")

    message = "The drawdown of 0.03 is above the limit of 0.02."
    assert numbers_of(decision, "drawdown") == ("breach", "0.03", "0.02", "-0.01")
    assert explained(decision, "drawdown") == ("ratio", message)


def test_exit_is_exempt_when_equity_is_too_far_below_its_peak() -> None:
    desk = loss_desk("drawdown", "300")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "drawdown") == ("exempt", "0.03", "0.02", "-0.01")


def test_drawdown_is_unknown_when_the_mark_of_a_position_is_stale() -> None:
    desk = loss_desk("drawdown", "100")
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "drawdown") == ("breach", None, "0.02", None)


def test_entry_below_the_peak_passes_when_the_rule_is_turned_off() -> None:
    decision = loss_desk("drawdown", "300", enabled=False).signal("buy", 1, limit_price="100")

    assert_not_judged(decision, "drawdown")
