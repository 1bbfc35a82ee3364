"""The same order again and again: alike in symbol, side, requested quantity and limit price."""

from typing import Any

import pytest

from tests.spec.desk import (
    Desk,
    Row,
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only


def repeat_desk(**parameters: Any) -> Desk:
    """Return a desk that may repeat an order so often."""
    return open_desk(only(repeated_order=parameters), balance=10**6)


def asked(desk: Desk, times: int, **changed: Any) -> list[str]:
    """Ask for the same order so many times and return the verdicts."""
    order: dict[str, Any] = {"side": "buy", "quantity": 1, "limit_price": "100"} | changed
    return [desk.signal(**order)["verdict"] for _ in range(times)]


def test_tenth_of_the_same_orders_in_a_minute_is_rejected() -> None:
    desk = repeat_desk()

    verdicts = asked(desk, 10)

    assert verdicts == ["approved"] * 9 + ["rejected"]


@pytest.mark.parametrize(
    ("before", "check"),
    [
        (1, ("pass", "2", "3", "1")),
        (2, ("pass", "3", "3", "0")),
        (3, ("breach", "4", "3", "-1")),
    ],
)
def test_measured_counts_this_order_too(before: int, check: tuple[str, ...]) -> None:
    desk = repeat_desk(repeats_max=3)
    asked(desk, before)

    decision: Row = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "repeated_order") == check
    assert decision["reasons"] == (["repeated_order"] if check[0] == "breach" else [])
    assert decision["binding_rule"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": 2},
        {"side": "sell"},
        {"limit_price": "100.01"},
        {"limit_price": None},
        {"symbol": "Y"},
    ],
    ids=str,
)
def test_order_is_another_one_when_anything_of_it_differs(changed: dict[str, Any]) -> None:
    desk = repeat_desk(repeats_max=1)
    desk.instrument("Y")
    desk.price(100, "Y")
    asked(desk, 1)

    assert asked(desk, 2, **changed) == ["approved", "rejected"]


def test_order_is_the_same_when_its_numbers_are_written_otherwise() -> None:
    desk = repeat_desk(repeats_max=1)
    asked(desk, 1)

    assert asked(desk, 1, quantity="1.0", limit_price="1E+2") == ["rejected"]


@pytest.mark.parametrize(("after_ms", "verdict"), [(999, "rejected"), (1000, "approved")])
def test_order_leaves_the_window_when_it_is_as_old_as_the_window(
    after_ms: int, verdict: str
) -> None:
    desk = repeat_desk(repeats_max=1, window_ms=1000)
    asked(desk, 1)

    desk.wait(after_ms)

    assert asked(desk, 1) == [verdict]


def test_each_order_leaves_the_window_by_itself() -> None:
    desk = repeat_desk(repeats_max=2, window_ms=1000)
    asked(desk, 1)
    desk.wait(600)
    asked(desk, 1)

    desk.wait(400)

    assert asked(desk, 2) == ["approved", "rejected"]


def test_rejected_orders_do_not_count() -> None:
    desk = repeat_desk(repeats_max=1, window_ms=1000)
    asked(desk, 1)
    desk.wait(500)
    asked(desk, 5)

    desk.wait(500)

    assert asked(desk, 1) == ["approved"]


def test_cut_orders_count_by_what_was_asked() -> None:
    rules = only(repeated_order={"repeats_max": 2}, order_notional={"order_notional_max": "500"})
    desk = open_desk(rules)

    verdicts = asked(desk, 3, quantity=10)

    assert verdicts == ["modified", "modified", "rejected"]
    assert asked(desk, 1, quantity=5) == ["approved"]


def test_exit_passes_but_counts_when_it_repeats() -> None:
    desk = repeat_desk(repeats_max=1)
    desk.fill("buy", 3, 100)

    verdicts = asked(desk, 3, side="sell")
    entry = desk.signal("sell", 1, limit_price="100")

    assert verdicts == ["approved"] * 3
    assert numbers_of(entry, "repeated_order") == ("breach", "4", "1", "-3")


def test_nothing_may_be_asked_at_all_when_no_repeat_is_allowed() -> None:
    desk = repeat_desk(repeats_max=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["repeated_order"], None)


def test_orders_are_not_remembered_while_the_rule_is_off() -> None:
    desk = repeat_desk(repeats_max=1)
    asked(desk, 1)
    desk.limits(only())
    assert asked(desk, 1) == ["approved"]

    desk.limits(only(repeated_order={"repeats_max": 1}))

    assert asked(desk, 2) == ["approved", "rejected"]


def test_oldest_orders_are_forgotten_first_when_a_thousand_are_remembered() -> None:
    rules = only(repeated_order={"repeats_max": 1, "window_ms": 3_600_000}, too_many={})
    desk = open_desk(rules, balance=10**9)
    for number in range(1, 1002):
        desk.signal("buy", number, limit_price="100", signal_id=f"n{number}")
        desk.order(f"n{number}", "rejected")

    assert asked(desk, 1, quantity=2) == ["rejected"]
    assert asked(desk, 1, quantity=1) == ["approved"]


def test_sizing_is_the_reason_when_the_repeat_is_unknown() -> None:
    desk = open_desk(only(repeated_order={}, stale_mark={}), mark=None)

    decision = desk.signal("buy", None)

    assert decision["reasons"] == ["sizing", "stale_mark"]
    assert checks_of(decision)["repeated_order"]["measured"] is None


@pytest.mark.parametrize(
    "parameters", [{"repeats_max": -1}, {"repeats_max": "1.5"}, {"window_ms": -1}], ids=str
)
def test_parameters_are_refused_when_they_mean_nothing(parameters: dict[str, object]) -> None:
    desk = repeat_desk(repeats_max=1)

    desk.limits({"repeated_order": parameters})

    assert len(desk.alerts("limits")) == 1
    assert asked(desk, 2) == ["approved", "rejected"]


def test_breach_is_explained_when_an_order_is_repeated_too_often() -> None:
    decision = repeat_desk(repeats_max=0).signal("buy", 1, limit_price="100")

    message = "The same order would be approved 1 times in the window; the maximum is 0."
    assert explained(decision, "repeated_order") == ("count", message)


def test_repeated_order_passes_when_the_rule_is_turned_off() -> None:
    decision = repeat_desk(repeats_max=0, enabled=False).signal("buy", 1, limit_price="100")

    assert_not_judged(decision, "repeated_order")


def test_exit_is_exempt_when_it_is_repeated_too_often() -> None:
    desk = repeat_desk(repeats_max=0)
    desk.fill("buy", 1, 100)

    decision = desk.signal("sell", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "repeated_order") == ("exempt", "1", "0", "-1")
