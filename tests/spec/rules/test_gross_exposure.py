"""The worst case notional of all symbols stays below its share of equity."""

import pytest

from tests.spec.desk import (
    Desk,
    answer_of,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.desks import held_desk, symbols_closed, two_symbols
from tests.spec.rulebook import only


def gross_desk() -> Desk:
    """Return a desk with two symbols at 1 and room for 800 of gross exposure."""
    rule = {"gross_exposure_ratio_max": "0.8"}
    desk = open_desk(only(gross_exposure=rule), balance=1000, mark=1)
    desk.instrument("Y")
    desk.price(1, "Y")
    return desk


def test_gross_counts_the_larger_side_of_every_other_symbol() -> None:
    desk = gross_desk()
    desk.signal("buy", 300, limit_price="1", symbol="Y")
    desk.signal("sell", 500, limit_price="1", symbol="Y")

    decision = desk.signal("buy", 301, limit_price="1")

    assert numbers_of(decision, "gross_exposure") == ("breach", "0.801", "0.8", "-0.001")
    assert answer_of(decision) == ("modified", "300", ["gross_exposure"], "gross_exposure")


def test_gross_counts_the_orders_own_side_of_its_own_symbol() -> None:
    desk = gross_desk()
    desk.signal("sell", 700, limit_price="1")

    decision = desk.signal("buy", 100, limit_price="1")

    assert numbers_of(decision, "gross_exposure") == ("pass", "0.1", "0.8", "0.7")


def test_gross_adds_longs_and_shorts() -> None:
    desk = gross_desk()
    desk.fill("sell", 500, 1, symbol="Y")

    at_limit = desk.signal("buy", 300, limit_price="1")

    assert numbers_of(at_limit, "gross_exposure") == ("pass", "0.8", "0.8", "0")


@pytest.mark.parametrize(("mark", "alerts"), [("110", 0), ("110.01", 1)])
def test_account_is_told_of_when_marks_push_it_past_its_gross_cap(mark: str, alerts: int) -> None:
    desk = open_desk(only(gross_exposure={"gross_exposure_ratio_max": "0.11"}), balance=10_100)
    desk.fill("sell", 10, 100)

    desk.see(mark)

    assert len(desk.alerts("gross_exposure")) == alerts


def test_each_position_gives_its_share_of_the_gross_excess() -> None:
    desk = two_symbols(gross_exposure_ratio_max="0.5", on_breach="flatten")

    desk.flow("withdrawal", 801)

    # 4000 less half of 7199 is an excess of 400.5: 300.375 of A and 100.125 of B.
    assert symbols_closed(desk) == [("deleverage", "A", "4"), ("deleverage", "B", "2")]


def test_gross_excess_is_told_again_only_after_the_cooldown() -> None:
    desk = held_desk(10, balance=1000, gross_exposure={"gross_exposure_ratio_max": "0.5"})
    for _ in range(14):
        desk.see(100)
    before = len(desk.alerts("gross_exposure"))
    for _ in range(2):
        desk.see(100)

    # Each step takes 20 s; the cooldown is 300 s.
    assert (before, len(desk.alerts("gross_exposure"))) == (1, 2)


@pytest.mark.parametrize(("mark", "alerts"), [("110", 0), ("110.01", 1)])
def test_gross_cap_in_money_is_watched_too(mark: str, alerts: int) -> None:
    desk = held_desk(10, gross_exposure={"gross_exposure_max": "1100"})

    desk.see(mark)

    assert [row["limit"] for row in desk.alerts("gross_exposure")] == ["1100"] * alerts


@pytest.mark.parametrize(
    ("rule", "unit", "message"),
    [
        ({"gross_exposure_ratio_max": "0.8"}, "ratio",
         "Gross exposure would be 0.81 of equity, above the limit of 0.8."),
        ({"gross_exposure_max": "7000"}, "money", "Gross exposure would be 8100, above 7000."),
    ],
)  # fmt: skip
def test_breach_is_explained_in_the_unit_of_the_smaller_limit(
    rule: dict[str, str], unit: str, message: str
) -> None:
    decision = open_desk(only(gross_exposure=rule)).signal("buy", 81, limit_price="100")

    assert explained(decision, "gross_exposure") == (unit, message)


@pytest.mark.parametrize(
    ("quantity", "check"),
    [
        (799, ("pass", "0.799", "0.8", "0.001")),
        (800, ("pass", "0.8", "0.8", "0")),
        (801, ("breach", "0.801", "0.8", "-0.001")),
    ],
)
def test_entry_is_measured_against_the_largest_gross_exposure(
    quantity: int, check: tuple[str, ...]
) -> None:
    decision = gross_desk().signal("buy", quantity, limit_price="1")

    assert numbers_of(decision, "gross_exposure") == check


def test_exit_is_exempt_when_gross_exposure_is_too_large() -> None:
    desk = gross_desk()
    desk.fill("buy", 900, 1, symbol="Y")
    desk.fill("buy", 50, 1)

    decision = desk.signal("sell", 50, limit_price="1")

    # 900 of Y, and nothing would be short of X.
    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "gross_exposure") == ("exempt", "0.9", "0.8", "-0.1")


def test_exposure_is_unknown_when_the_mark_of_a_position_is_missing() -> None:
    desk = open_desk(only(gross_exposure={}), mark=None)
    desk.fill("buy", 1, 100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "gross_exposure") == ("breach", None, "0.8", None)


def test_large_exposure_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(gross_exposure={"enabled": False}))

    assert_not_judged(desk.signal("buy", 81, limit_price="100"), "gross_exposure")
