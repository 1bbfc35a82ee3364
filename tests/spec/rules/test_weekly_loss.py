"""Entries end once the loss of the week is above its limit."""

import pytest

from tests.spec.desk import assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import loss_desk
from tests.spec.rulebook import only

LOSSES = [("199.99", "approved"), ("200", "approved"), ("200.01", "rejected")]


@pytest.mark.parametrize(("loss", "verdict"), LOSSES)
def test_entry_is_rejected_when_the_loss_is_above_its_limit(loss: str, verdict: str) -> None:
    desk = loss_desk("weekly_loss", loss)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else ["weekly_loss"])


def test_entry_is_rejected_without_a_stop_when_the_base_is_zero() -> None:
    desk = open_desk(only(weekly_loss={}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["weekly_loss"]
    assert desk.stops() == []


def test_loss_is_told_and_stops_nothing_when_the_base_is_zero() -> None:
    desk = open_desk(only(weekly_loss={}), balance=0)
    desk.fill("buy", 1, 100, fee="5")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "weekly_loss") == ("breach", "5", "0", "-5")
    assert desk.stops() == []


def test_entry_is_rejected_when_a_stale_mark_hides_the_loss() -> None:
    desk = open_desk(only(weekly_loss={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "weekly_loss") == ("breach", None, "500", None)
    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["weekly_loss"])


def test_exit_is_exempt_when_the_loss_is_above_its_limit() -> None:
    desk = loss_desk("weekly_loss", "500")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "weekly_loss") == ("exempt", "500", "200", "-300")


def test_breach_is_explained_when_the_loss_is_above_its_limit() -> None:
    decision = loss_desk("weekly_loss", "200.01").signal("buy", 1, limit_price="100")

    message = "The week's loss of 200.01 is above the limit of 200."
    assert numbers_of(decision, "weekly_loss") == ("breach", "200.01", "200", "-0.01")
    assert explained(decision, "weekly_loss") == ("money", message)


def test_entry_after_a_loss_passes_when_the_rule_is_turned_off() -> None:
    decision = loss_desk("weekly_loss", "500", enabled=False).signal("buy", 1, limit_price="100")

    assert_not_judged(decision, "weekly_loss")
