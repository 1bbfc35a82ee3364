"""Numbers that no venue has, but a message may carry: they are judged, not stumbled over."""

import pytest

from tests.spec.desk import Desk, answer_of, open_desk
from tests.spec.rulebook import only


def desk_with(lot_size: str, tick_size: str = "0.01") -> Desk:
    """Return a desk that may order for 1000, in lots and ticks as small as these."""
    desk = open_desk(only(order_notional={"order_notional_max": "1000"}))
    desk.instrument(lot_size=lot_size, tick_size=tick_size, min_quantity=lot_size)
    return desk


# 1e38 lots and more: what is asked has more of them than money has digits.
@pytest.mark.parametrize(("lot", "asked"), [("1e-8", "1e30"), ("1e-30", "1e30"), ("1e-30", "1e5")])
def test_order_is_cut_when_it_has_more_lots_than_money_has_digits(lot: str, asked: str) -> None:
    desk = desk_with(lot)

    decision = desk.signal("buy", asked, limit_price="100")

    assert answer_of(decision) == ("modified", "10", ["order_notional"], "order_notional")


@pytest.mark.parametrize(
    ("price", "reasons"),
    [("1e30", ["order_notional"]), (f"{10**30 - 1}.001", ["instrument", "order_notional"])],
)
def test_price_keeps_to_the_tick_when_it_has_very_many_ticks(
    price: str, reasons: list[str]
) -> None:
    desk = desk_with("1", tick_size="0.01" if "." in price else "1e-8")

    assert desk.signal("buy", 1, limit_price=price)["reasons"] == reasons
