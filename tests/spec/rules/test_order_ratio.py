"""The notional of one order stays below its share of equity."""

import pytest

from tests.spec.desk import answer_of, numbers_of, open_desk
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
