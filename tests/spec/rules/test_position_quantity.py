"""The worst case quantity of a symbol: position and all orders of one side, this one too."""

import pytest

from tests.spec.desk import (
    Desk,
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only

CUT = ["position_quantity"]


def quantity_desk(most: object, *, held: int = 0) -> Desk:
    """Return a desk that may have so many of X and has some."""
    desk = open_desk(only(position_quantity={"position_quantity_max": most}), balance=10**6)
    if held:
        desk.fill("buy" if held > 0 else "sell", abs(held), 100)
    return desk


@pytest.mark.parametrize(
    ("quantity", "answer", "numbers"),
    [
        (150, ("approved", "150", [], None), ("pass", "70", "100", "30")),
        (180, ("approved", "180", [], None), ("pass", "100", "100", "0")),
        (181, ("modified", "180", CUT, CUT[0]), ("breach", "101", "100", "-1")),
        (190, ("modified", "180", CUT, CUT[0]), ("breach", "110", "100", "-10")),
    ],
)
def test_sell_is_cut_when_it_would_be_too_short(
    quantity: int, answer: object, numbers: object
) -> None:
    desk = quantity_desk("100", held=80)

    decision = desk.signal("sell", quantity, limit_price="100")

    assert answer_of(decision) == answer
    assert numbers_of(decision, "position_quantity") == numbers


@pytest.mark.parametrize(("side", "worst"), [("buy", "16"), ("sell", "5")])
def test_orders_of_the_other_side_never_count_against_the_worst_case(side: str, worst: str) -> None:
    desk = quantity_desk("1000", held=5)
    desk.signal("buy", 4, limit_price="100")
    desk.signal("sell", 3, limit_price="100")

    decision = desk.signal(side, 7, limit_price="100")

    # 5 + 4 + 7, and 3 + 7 - 5.
    assert numbers_of(decision, "position_quantity")[1] == worst


def test_buy_is_cut_to_what_the_working_buys_leave() -> None:
    desk = quantity_desk("100")
    desk.signal("buy", 80, limit_price="100")
    desk.signal("sell", 80, limit_price="100")

    decision = desk.signal("buy", 30, limit_price="100")

    assert answer_of(decision) == ("modified", "20", CUT, CUT[0])


@pytest.mark.parametrize(
    ("most", "quantity"), [({"X": 5, "*": 7}, "5"), ({"Y": 5, "*": 7}, "7"), ("6.5", "6")]
)
def test_limit_is_that_of_the_symbol_else_that_of_all_others(most: object, quantity: str) -> None:
    desk = quantity_desk(most)

    decision = desk.signal("buy", 10, limit_price="100")

    assert answer_of(decision) == ("modified", quantity, CUT, CUT[0])


def test_symbol_without_a_limit_passes_when_others_have_one() -> None:
    desk = quantity_desk({"Y": 5})

    decision = desk.signal("buy", 10, limit_price="100")

    assert numbers_of(decision, "position_quantity") == ("pass", "10", None, None)


def test_rule_is_absent_when_no_limit_is_set() -> None:
    desk = open_desk(only(position_quantity={}))

    assert "position_quantity" not in checks_of(desk.signal("buy", 10, limit_price="100"))


@pytest.mark.parametrize("held", [10, -10])
def test_exit_is_exempt_when_the_position_is_too_large(held: int) -> None:
    desk = quantity_desk("5", held=held)

    decision = desk.signal("sell" if held > 0 else "buy", 4, limit_price="100")

    # The worst case of that side is none.
    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "position_quantity") == ("exempt", "0", "5", "5")


def test_sizing_is_the_reason_when_the_quantity_is_unknown() -> None:
    desk = open_desk(only(position_quantity={"position_quantity_max": 5}, stale_mark={}), mark=None)

    decision = desk.signal("buy", None)

    assert decision["reasons"] == ["sizing", "stale_mark"]
    assert numbers_of(decision, "position_quantity") == ("breach", None, "5", None)


def test_entry_is_rejected_when_not_one_lot_is_left() -> None:
    desk = quantity_desk("100", held=100)

    decision = desk.signal("buy", 10, limit_price="100")

    assert answer_of(decision) == ("rejected", "0", CUT, CUT[0])


@pytest.mark.parametrize("most", ["-1", "many", {"X": "NaN"}, {"X": -1}, [5]], ids=str)
def test_limit_is_refused_when_it_means_nothing(most: object) -> None:
    desk = quantity_desk("5")

    desk.limits({"position_quantity": {"position_quantity_max": most}})

    assert len(desk.alerts("limits")) == 1
    assert desk.signal("buy", 10, limit_price="100")["approved_quantity"] == "5"


def test_breach_is_explained_when_the_position_would_be_too_large() -> None:
    decision = quantity_desk("9").signal("buy", 10, limit_price="100")

    message = "The position would be 10 units, above the maximum of 9."
    assert explained(decision, "position_quantity") == ("quantity", message)


def test_large_position_passes_when_the_rule_is_turned_off() -> None:
    rule = {"position_quantity_max": "9", "enabled": False}
    desk = open_desk(only(position_quantity=rule))

    assert_not_judged(desk.signal("buy", 10, limit_price="100"), "position_quantity")
