"""What an order opens is paid from free cash; shorts count like longs."""

import pytest

from tests.spec.desk import answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


def test_second_order_is_rejected_when_the_first_reserved_all_cash() -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.001"}), balance=100_100, mark=1)

    first = desk.signal("buy", 100_000)
    second = desk.signal("buy", 100_000)

    # 100 000 x 1.001 is exactly 100 100.
    assert answer_of(first) == ("approved", "100000", [], None)
    assert numbers_of(first, "cash") == ("pass", "100100", "100100", "0")
    assert answer_of(second) == ("rejected", "0", ["cash"], "cash")
    assert numbers_of(second, "cash") == ("breach", "100100", "0", "-100100")


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (98, ("approved", "98", [], None)),
        (99, ("approved", "99", [], None)),
        (100, ("modified", "99", ["cash"], "cash")),
    ],
)
def test_order_is_cut_to_what_cash_pays_with_its_fee(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.001"}), balance="991", mark=10)

    decision = desk.signal("buy", quantity, limit_price="10")

    # 99 x 10.01 = 990.99.
    assert answer_of(decision) == answer


def test_cash_of_a_position_is_bound_at_its_average_long_and_short() -> None:
    desk = open_desk(only(cash={}), balance=10_000)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 10, 90)
    desk.fill("sell", 10, 120, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")

    # 10 000 - 900 - 1200.
    assert numbers_of(decision, "cash") == ("pass", "100", "7900", "7800")


def test_free_cash_counts_realized_and_reserved_and_flows() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.flow("deposit", 500)
    desk.fill("buy", 10, 10)
    desk.fill("sell", 10, 8)
    desk.signal("buy", 2, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # 1000 + 500 - 20 - 200.
    assert numbers_of(decision, "cash")[2] == "1280"


def test_short_needs_cash_like_a_long() -> None:
    desk = open_desk(only(cash={}), balance=1000)

    decision = desk.signal("sell", 11, limit_price="100")

    assert answer_of(decision) == ("modified", "10", ["cash"], "cash")


def test_only_the_opening_part_needs_cash_when_an_order_goes_through_zero() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 6, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    # 4 open for 400; 1000 - 600 are free.
    assert answer_of(decision) == ("approved", "10", [], None)
    assert numbers_of(decision, "cash") == ("pass", "400", "400", "0")


def test_no_cash_is_reserved_when_an_order_exits() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 6, 100)
    desk.signal("sell", 6, limit_price="100")

    decision = desk.signal("buy", 4, limit_price="100")

    assert numbers_of(decision, "cash") == ("pass", "400", "400", "0")


def test_sell_that_opens_needs_cash_at_the_reference_when_that_is_higher() -> None:
    desk = open_desk(only(cash={}), balance=1000)

    decision = desk.signal("sell", 10, limit_price="90")

    assert numbers_of(decision, "cash") == ("pass", "1000", "1000", "0")


def test_both_sides_count_what_they_open_when_something_is_held() -> None:
    desk = open_desk(only(cash={}))
    desk.fill("buy", 5, 100)
    desk.signal("buy", 2, limit_price="100")
    desk.signal("sell", 8, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # 10 000 less 500 paid, 2 x 100 bought more, and 3 x 100 sold beyond what is held.
    assert numbers_of(decision, "cash") == ("pass", "100", "9000", "8900")


def test_fee_of_reserved_orders_is_bound_too() -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.01"}), balance=1000)
    desk.signal("buy", 5, limit_price="100")

    decision = desk.signal("buy", 4, limit_price="100")

    # 1000 - 500 x 1.01; 400 x 1.01.
    assert numbers_of(decision, "cash") == ("pass", "404", "495", "91")


def test_second_exit_beyond_the_position_needs_cash() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 5, 100)
    desk.signal("sell", 5, limit_price="100")

    decision = desk.signal("sell", 5, limit_price="100")

    assert numbers_of(decision, "cash") == ("pass", "500", "500", "0")


def test_breach_is_explained_when_the_free_cash_is_too_little() -> None:
    desk = open_desk(only(cash={}), balance=1000)

    decision = desk.signal("buy", 11, limit_price="100")

    message = "The order needs 1100 of cash, but only 1000 is free."
    assert numbers_of(decision, "cash") == ("breach", "1100", "1000", "-100")
    assert explained(decision, "cash") == ("money", message)


def test_exit_is_exempt_when_no_cash_is_free() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 11, 100)

    decision = desk.signal("sell", 11, limit_price="100")

    # It opens nothing; 1000 - 1100 are free.
    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "cash") == ("exempt", "0", "-100", "-100")


def test_cash_needed_is_unknown_when_a_market_order_has_no_reference() -> None:
    decision = open_desk(only(cash={}), mark=None).signal("buy", 1)

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "cash") == ("breach", None, "10000", None)


def test_order_beyond_the_cash_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(cash={"enabled": False}), balance=1000)

    assert_not_judged(desk.signal("buy", 11, limit_price="100"), "cash")
