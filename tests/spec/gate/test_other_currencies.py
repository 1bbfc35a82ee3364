"""Exposure and risk in another currency are measured in the account's, at the current rate."""

import pytest

from tests.spec.desk import answer_of, numbers_of
from tests.spec.desks import euro_desk

EXPOSURES: dict[str, dict[str, object]] = {
    "net_exposure": {"net_exposure_ratio_max": "1"},
    "group_exposure": {"group_exposure_ratio_max": "1"},
}


@pytest.mark.parametrize("rule", EXPOSURES)
@pytest.mark.parametrize(("rate", "measured"), [("1.1", "0.0132"), ("1.2", "0.0144")])
def test_kept_sums_follow_the_rate_of_what_is_held_and_reserved(
    rule: str, rate: str, measured: str
) -> None:
    desk = euro_desk(**{rule: EXPOSURES[rule]})
    desk.fill("buy", 10, 5, symbol="E")
    desk.signal("buy", 4, limit_price="5", symbol="E")

    desk.price(rate, "EURUSD")
    decision = desk.signal("buy", 10, limit_price="5", symbol="E")

    # (50 + 20 + 50) x the rate, of 10 000.
    assert numbers_of(decision, rule)[1] == measured


@pytest.mark.parametrize("rule", EXPOSURES)
def test_exposure_is_unknown_when_the_rate_of_a_position_never_came(rule: str) -> None:
    desk = euro_desk(**{rule: EXPOSURES[rule], "stale_mark": {}, "unknown_rate": {}})
    desk.instrument("G", settlement_currency="GBP", groups=["coins"])
    desk.price(5, "G")
    desk.fill("buy", 10, 5, symbol="G")

    decision = desk.signal("buy", 1, limit_price="5", symbol="E")

    assert decision["reasons"] == ["unknown_rate"]
    assert numbers_of(decision, rule) == ("breach", None, "1", None)


@pytest.mark.parametrize(("quantity", "approved"), [(909, "909"), (910, "909")])
def test_risk_of_a_trade_is_converted(quantity: int, approved: str) -> None:
    desk = euro_desk(risk_per_trade={})

    decision = desk.signal("buy", quantity, limit_price="5", symbol="E")

    # From 5 to 4.9: 0.11 dollars a unit, of 100.
    assert decision["approved_quantity"] == approved


@pytest.mark.parametrize(("quantity", "approved"), [(1818, "1818"), (1819, "1818")])
def test_margin_is_converted_at_the_rate(quantity: int, approved: str) -> None:
    desk = euro_desk(margin={"leverage": 1})

    decision = desk.signal("buy", quantity, limit_price="5", symbol="E")

    # 1818 x 5.5 = 9999.
    assert answer_of(decision)[1] == approved
