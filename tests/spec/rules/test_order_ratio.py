"""The notional of one order stays below its share of equity."""

import pytest

from tests.spec.desk import Desk, answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (4, ("approved", "4", [], None)),
        (5, ("approved", "5", [], None)),
        (6, ("modified", "5", ["order_ratio"], "order_ratio")),
    ],
)
def test_order_is_cut_to_its_share_of_equity(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = open_desk(only(order_ratio={"order_ratio_max": "0.05"}))

    decision = desk.signal("buy", quantity, limit_price="100")

    assert answer_of(decision) == answer
    assert numbers_of(decision, "order_ratio")[1:3] == (f"0.0{quantity}", "0.05")


def test_ratio_breaches_without_a_number_when_equity_is_not_above_zero() -> None:
    desk = open_desk(only(order_ratio={"order_ratio_max": "9"}, gross_exposure={}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["order_ratio", "gross_exposure"]
    assert numbers_of(decision, "order_ratio") == ("breach", None, "9", None)


def ratio_desk(mark: int | None = 100, **parameters: object) -> Desk:
    """Return a desk of 10 000 whose orders may be 0.05 of it."""
    return open_desk(only(order_ratio={"order_ratio_max": "0.05", **parameters}), mark=mark)


def test_breach_is_explained_when_the_order_is_too_large() -> None:
    decision = ratio_desk().signal("buy", 6, limit_price="100")

    message = "The order would be 0.06 of equity, above the limit of 0.05."
    assert numbers_of(decision, "order_ratio") == ("breach", "0.06", "0.05", "-0.01")
    assert explained(decision, "order_ratio") == ("ratio", message)


def test_exit_is_exempt_when_it_is_larger_than_an_order_may_be() -> None:
    desk = ratio_desk()
    desk.fill("buy", 6, 100)

    decision = desk.signal("sell", 6, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "order_ratio") == ("exempt", "0.06", "0.05", "-0.01")


def test_ratio_is_unknown_when_a_market_order_has_no_reference() -> None:
    decision = ratio_desk(mark=None).signal("buy", 1)

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "order_ratio") == ("breach", None, "0.05", None)


def test_large_order_passes_when_the_rule_is_turned_off() -> None:
    decision = ratio_desk(enabled=False).signal("buy", 6, limit_price="100")

    assert_not_judged(decision, "order_ratio")
