"""Cancelled, rejected, expired, filled: what they release, and what still waits for its fills."""

import pytest

from tests.spec.desk import MINUTE, open_desk
from tests.spec.desks import approved
from tests.spec.rulebook import only

TTL = 60_000


def test_filled_keeps_all_reserved_until_its_fills_come() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.order(signal_id, "filled")
    seen = [(desk.reserved(), desk.state()["gross_exposure"])]
    for quantity in (4, 6):
        desk.fill("buy", quantity, 100, signal_id=signal_id)
        seen.append((desk.reserved(), desk.state()["gross_exposure"]))

    assert seen == [({signal_id: "10"}, "0"), ({signal_id: "6"}, "400"), ({}, "1000")]


@pytest.mark.parametrize(
    ("filled", "kept"), [("0", {}), ("3", {"s": "3"}), ("10", {"s": "10"}), ("99", {"s": "10"})]
)
def test_cancel_keeps_what_it_reports_as_filled_until_the_fills_come(
    filled: str, kept: dict[str, str]
) -> None:
    desk = open_desk(only())
    desk.signal("buy", 10, limit_price="100", signal_id="s")

    desk.order("s", "cancelled", filled_quantity=filled)

    assert desk.reserved() == kept


def test_cancel_counts_fills_already_seen_when_it_reports_more() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.fill("buy", 4, 100, signal_id=signal_id)

    desk.order(signal_id, "cancelled", filled_quantity="7")

    # 10 - 7 will never fill; 7 - 4 are on their way.
    assert desk.reserved() == {signal_id: "3"}


def test_account_is_reduced_when_reported_fills_never_come() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "cancelled", filled_quantity="3")

    desk.wait(TTL - 1)
    before = desk.reserved(), desk.state()["trading_state"]
    desk.wait(1)

    assert before == ({signal_id: "3"}, "active")
    assert (desk.reserved(), desk.state()["trading_state"]) == ({}, "reducing")
    assert desk.stops() == [("reservation", "triggered")]


def test_late_fill_restores_the_rest_when_the_wait_had_ended() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "filled")
    desk.wait(TTL)

    desk.fill("buy", 4, 100, signal_id=signal_id)
    restored = desk.reserved()
    desk.wait(TTL)

    assert (restored, desk.reserved()) == ({signal_id: "6"}, {})


@pytest.mark.parametrize("status", ["accepted", "cancelled", "filled"])
def test_nothing_changes_when_a_word_comes_twice(status: str) -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.fill("buy", 4, 100, signal_id=signal_id)

    desk.order(signal_id, status, filled_quantity="6")
    once = desk.reserved()
    desk.order(signal_id, status, filled_quantity="6")

    assert desk.reserved() == once == {signal_id: "6" if status == "accepted" else "2"}


@pytest.mark.parametrize("later", ["accepted", "filled", "rejected"])
def test_later_words_change_nothing_when_the_order_has_ended(later: str) -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.order(signal_id, "cancelled")
    desk.order(signal_id, later)

    assert desk.reserved() == {}


def test_words_on_unknown_orders_change_nothing() -> None:
    desk = open_desk(only())

    desk.order("nobody", "accepted")
    desk.order("nobody", "filled", filled_quantity="5")

    state = desk.state()
    assert (state["reservations"], state["positions"], state["trading_state"]) == ([], [], "active")


def test_silent_time_starts_again_with_every_word() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "accepted")

    desk.wait(59 * MINUTE)
    desk.fill("buy", 1, 100, signal_id=signal_id)
    desk.wait(59 * MINUTE)

    assert desk.alerts("order_silent") == []
