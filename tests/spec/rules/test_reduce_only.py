"""An order that may only reduce is held to the proven exit."""

import pytest

from tests.spec.desk import answer_of, assert_not_judged, explained, open_desk
from tests.spec.desks import held_desk
from tests.spec.rulebook import only

ALWAYS_BREACHED = {"order_notional_max": "0"}


def test_larger_order_is_cut_to_the_exit_when_it_may_only_reduce() -> None:
    desk = open_desk(only(), balance=100_000)
    desk.fill("buy", 100, 100)
    desk.signal("sell", 60, limit_price="100")

    decision = desk.signal("sell", 41, limit_price="100", reduce_only=True)

    assert answer_of(decision) == ("modified", "40", ["reduce_only"], "reduce_only")


def test_reducing_order_is_rejected_when_all_is_already_working() -> None:
    desk = open_desk(only(), balance=100_000)
    desk.fill("buy", 100, 100)
    desk.signal("sell", 100, limit_price="100")

    decision = desk.signal("sell", 1, limit_price="100", reduce_only=True)

    assert answer_of(decision) == ("rejected", "0", ["reduce_only"], "reduce_only")


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_order_is_rejected_when_it_may_only_reduce_and_nothing_is_held(side: str) -> None:
    desk = open_desk(only())

    decision = desk.signal(side, 5, limit_price="100", reduce_only=True)

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["reduce_only"])


def test_order_of_the_same_side_is_rejected_when_it_may_only_reduce() -> None:
    desk = open_desk(only(), balance=100_000)
    desk.fill("buy", 100, 100)

    decision = desk.signal("buy", 5, limit_price="100", reduce_only=True)

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["reduce_only"])


def test_whole_exit_is_meant_when_a_reducing_order_names_no_quantity() -> None:
    desk = held_desk(100, balance=100_000, order_notional=ALWAYS_BREACHED)
    desk.signal("sell", 60, limit_price="100")

    decision = desk.signal("sell", None, limit_price="100", reduce_only=True)

    assert decision["requested_quantity"] == "40"
    assert answer_of(decision) == ("approved", "40", [], None)


def test_requested_is_unknown_when_flat_and_a_reducing_order_names_no_quantity() -> None:
    desk = open_desk(only())

    decision = desk.signal("sell", None, limit_price="100", reduce_only=True)

    assert decision["requested_quantity"] is None
    assert answer_of(decision)[:2] == ("rejected", "0")


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (9, ("approved", "9", [], None)),
        (10, ("approved", "10", [], None)),
        (11, ("modified", "10", ["reduce_only"], "reduce_only")),
    ],
)
def test_order_is_held_to_the_position_when_it_may_only_reduce(
    quantity: int, answer: tuple[object, ...]
) -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", quantity, limit_price="100", reduce_only=True)

    assert answer_of(decision) == answer


def test_breach_is_explained_when_nothing_can_be_reduced() -> None:
    decision = open_desk(only()).signal("buy", 1, limit_price="100", reduce_only=True)

    message = "The order is reduce_only and larger than the position it can reduce."
    assert explained(decision, "reduce_only") == (None, message)


def test_reducing_order_opens_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(reduce_only={"enabled": False}))

    decision = desk.signal("buy", 1, limit_price="100", reduce_only=True)

    assert_not_judged(decision, "reduce_only")
