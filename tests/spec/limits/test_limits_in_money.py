"""Limits in money beside the ratios: what a budget allows an account, whatever its equity."""

import pytest

from tests.spec.desk import answer_of, numbers_of, open_desk
from tests.spec.rulebook import only

# An account of 10 000; the ratio alone would allow 8000.
GROSS = only(gross_exposure={"gross_exposure_max": "500"})


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (4, ("approved", "4", [], None)),
        (5, ("approved", "5", [], None)),
        (6, ("modified", "5", ["gross_exposure"], "gross_exposure")),
    ],
)
def test_gross_exposure_is_held_to_money_when_that_is_less(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = open_desk(GROSS)

    decision = desk.signal("buy", quantity, limit_price="100")

    assert answer_of(decision) == answer


def test_gross_exposure_shows_money_when_that_is_the_limit() -> None:
    desk = open_desk(GROSS)

    decision = desk.signal("buy", 6, limit_price="100")

    assert numbers_of(decision, "gross_exposure") == ("breach", "600", "500", "-100")


def test_gross_exposure_shows_the_ratio_when_that_allows_less() -> None:
    desk = open_desk(only(gross_exposure={"gross_exposure_max": "8000.01"}))

    decision = desk.signal("buy", 90, limit_price="100")

    assert numbers_of(decision, "gross_exposure") == ("breach", "0.9", "0.8", "-0.1")
    assert decision["approved_quantity"] == "80"


def test_reserved_orders_count_when_money_is_the_limit() -> None:
    desk = open_desk(GROSS)
    desk.signal("buy", 3, limit_price="100")

    decision = desk.signal("buy", 3, limit_price="100")

    assert answer_of(decision) == ("modified", "2", ["gross_exposure"], "gross_exposure")
    assert desk.state()["worst_exposure"] == "500"


def test_nothing_may_be_opened_when_the_allowance_is_zero() -> None:
    desk = open_desk(only(gross_exposure={"gross_exposure_max": 0}))

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["gross_exposure"], "gross_exposure")


def test_worst_exposure_is_unknown_when_a_position_has_no_mark() -> None:
    desk = open_desk(GROSS, mark=None)
    desk.fill("buy", 1, 100, symbol="Y")

    assert desk.state()["worst_exposure"] is None


@pytest.mark.parametrize(
    ("price", "verdict"), [("95.01", "approved"), ("95", "approved"), ("94.99", "rejected")]
)
def test_entries_are_refused_when_the_day_lost_more_than_its_money(
    price: str, verdict: str
) -> None:
    desk = open_desk(only(daily_loss={"daily_loss_max": "50", "on_breach": "warn"}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, price)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert numbers_of(decision, "daily_loss")[2] == "50"


def test_account_is_stopped_when_the_day_lost_more_than_its_money() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_max": "50"}))
    desk.fill("buy", 10, 100)

    desk.fill("sell", 10, "94.99")

    assert desk.stops()[0] == ("daily_loss", "triggered")


def test_ratio_stops_the_day_when_it_allows_less_than_the_money() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_max": "200.01"}))

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "daily_loss")[2] == "200"


@pytest.mark.parametrize("value", [-1, "NaN", {"X": 5}, True])
def test_document_is_refused_when_money_is_no_number(value: object) -> None:
    desk = open_desk(only())

    desk.limits({"gross_exposure": {"gross_exposure_max": value}})

    assert desk.signal("hold")["limits_version"] == "1.0"
