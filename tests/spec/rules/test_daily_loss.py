"""Entries end once the loss of the day is above its limit."""

import pytest

from tests.spec.desk import HOUR, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import loss_desk
from tests.spec.rulebook import only

LOSSES = [("199.99", "approved"), ("200", "approved"), ("200.01", "rejected")]


@pytest.mark.parametrize(("loss", "verdict"), LOSSES)
def test_entry_is_rejected_when_the_loss_is_above_its_limit(loss: str, verdict: str) -> None:
    desk = loss_desk("daily_loss", loss)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else ["daily_loss"])


def test_loss_and_limit_are_shown_in_money() -> None:
    desk = loss_desk("daily_loss", "150")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "daily_loss") == ("pass", "150", "200", "50")


@pytest.mark.parametrize(("mark", "verdict"), [("95", "approved"), ("94.999", "rejected")])
def test_unrealized_loss_counts_at_once_in_the_gate(mark: str, verdict: str) -> None:
    desk = loss_desk("daily_loss", "150")
    desk.fill("buy", 10, 100)

    desk.price(mark)
    decision = desk.signal("buy", 1, limit_price="100")

    # 150 and 10 x 5, or 10 x 5.001.
    assert decision["verdict"] == verdict


@pytest.mark.parametrize(("kind", "limit"), [("deposit", "220"), ("withdrawal", "200")])
def test_deposits_raise_the_base_and_withdrawals_do_not_lower_it(kind: str, limit: str) -> None:
    desk = loss_desk("daily_loss", "10")

    desk.flow(kind, 1000)
    decision = desk.signal("buy", 1, limit_price="100")

    # 0.02 x (10 000 + 1000); the loss stays 10.
    assert numbers_of(decision, "daily_loss")[1:3] == ("10", limit)


def test_deposit_of_yesterday_is_in_the_start_equity_once() -> None:
    desk = loss_desk("daily_loss", "10")
    desk.flow("deposit", 1000)
    desk.wait(12 * HOUR)
    desk.price(100)

    decision = desk.signal("buy", 1, limit_price="100")

    # 0.02 x 10 990.
    assert numbers_of(decision, "daily_loss") == ("pass", "0", "219.8", "219.8")


def test_exit_is_exempt_when_the_loss_is_above_its_limit() -> None:
    desk = loss_desk("daily_loss", "500")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "daily_loss") == ("exempt", "500", "200", "-300")


def test_entry_is_rejected_without_a_stop_when_the_base_is_zero() -> None:
    desk = open_desk(only(daily_loss={}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["daily_loss"]
    assert desk.stops() == []


def test_loss_is_told_and_stops_nothing_when_the_base_is_zero() -> None:
    desk = open_desk(only(daily_loss={}), balance=0)
    desk.fill("buy", 1, 100, fee="5")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "daily_loss") == ("breach", "5", "0", "-5")
    assert desk.stops() == []


def test_entry_is_rejected_when_a_stale_mark_hides_the_loss() -> None:
    desk = open_desk(only(daily_loss={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "daily_loss") == ("breach", None, "200", None)
    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["daily_loss"])


def test_breach_is_explained_when_the_loss_is_above_its_limit() -> None:
    decision = loss_desk("daily_loss", "200.01").signal("buy", 1, limit_price="100")

    message = "The day's loss of 200.01 is above the limit of 200."
    assert numbers_of(decision, "daily_loss") == ("breach", "200.01", "200", "-0.01")
    assert explained(decision, "daily_loss") == ("money", message)


def test_entry_after_a_loss_passes_when_the_rule_is_turned_off() -> None:
    decision = loss_desk("daily_loss", "500", enabled=False).signal("buy", 1, limit_price="100")

    assert_not_judged(decision, "daily_loss")
