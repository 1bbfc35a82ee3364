"""Position snapshots of symbols that no fill of ours has touched are taken as they are."""

import pytest

from tests.spec.desk import SECOND, open_desk
from tests.spec.rulebook import only


def test_position_is_adopted_at_once_when_no_fill_of_ours_made_it() -> None:
    desk = open_desk(only(), mark=110)

    desk.snapshot(10, 100)

    state = desk.state()
    assert (desk.position()["quantity"], desk.position()["average_price"]) == ("10", "100")
    assert (state["balance"], state["equity"], state["trading_state"]) == (
        "10000",
        "10100",
        "active",
    )


def test_each_snapshot_is_adopted_until_our_first_fill() -> None:
    desk = open_desk(only())

    desk.snapshot(10, 100)
    desk.wait(1)
    desk.snapshot(-4, 99)

    assert (desk.position()["quantity"], desk.position()["average_price"]) == ("-4", "99")


def test_snapshot_is_not_adopted_at_once_when_a_fill_of_ours_came() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.wait(1)

    desk.snapshot(4, 99)

    assert desk.position()["quantity"] == "10"


@pytest.mark.parametrize(("after_ms", "quantity"), [(-1, "10"), (0, "10"), (1, "13")])
def test_fill_is_not_booked_when_the_adopted_snapshot_already_holds_it(
    after_ms: int, quantity: str
) -> None:
    desk = open_desk(only())
    desk.wait(SECOND)
    desk.snapshot(10, 100)

    desk.fill("buy", 3, 100, executed_at_ms=desk.now_ms + after_ms)

    assert desk.position()["quantity"] == quantity


def test_fill_that_was_not_booked_is_remembered() -> None:
    desk = open_desk(only())
    desk.wait(SECOND)
    desk.snapshot(10, 100)
    desk.fill("buy", 3, 100, fill_id="old", executed_at_ms=desk.now_ms - 1)

    desk.fill("buy", 3, 100, fill_id="old", executed_at_ms=desk.now_ms + 1)

    assert desk.position()["quantity"] == "10"


def test_adopted_position_is_closed_like_any_other() -> None:
    desk = open_desk(only(), mark=110)
    desk.snapshot(10, 100)
    desk.wait(1)

    decision = desk.signal("sell", 10, limit_price="110", reduce_only=True)
    desk.fill("sell", 10, 110, signal_id=decision["signal_id"])

    assert decision["verdict"] == "approved"
    assert desk.state()["balance"] == "10100"


def test_mark_of_a_snapshot_counts_when_no_quote_is_held() -> None:
    desk = open_desk(only(), mark=None)

    desk.snapshot(10, 100, mark_price="103")

    assert desk.position()["mark_price"] == "103"
    assert desk.state()["equity"] == "10030"


@pytest.mark.parametrize(("after_ms", "mark"), [(0, "100"), (1, "103")])
def test_snapshots_mark_counts_only_when_newer_than_the_quote(after_ms: int, mark: str) -> None:
    desk = open_desk(only())

    desk.wait(SECOND)
    desk.price(100)
    desk.snapshot(10, 100, mark_price="103", as_of_ms=desk.now_ms + after_ms)

    assert desk.position()["mark_price"] == mark


def test_adopted_position_counts_as_exposure() -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": "0.1"}))
    desk.snapshot(8, 100)

    decision = desk.signal("buy", 5, limit_price="100")

    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "2")


@pytest.mark.parametrize("fields", [{}, {"average_price": None}])
def test_flat_snapshot_needs_no_average_price(fields: dict[str, None]) -> None:
    desk = open_desk(only())
    desk.snapshot(10, 100)
    desk.wait(1)
    row = {"account_id": desk.account, "symbol": "X", "quantity": "0", "as_of_ms": desk.now_ms}

    desk.send("positions", row | fields)

    assert (desk.state()["gross_exposure"], desk.sent("dead_letters")) == ("0", [])


@pytest.mark.parametrize("fields", [{}, {"average_price": None}])
def test_snapshot_is_a_dead_letter_when_it_lacks_its_average_price(
    fields: dict[str, None],
) -> None:
    desk = open_desk(only())
    row = {"account_id": desk.account, "symbol": "X", "quantity": "1", "as_of_ms": desk.now_ms}

    desk.send("positions", row | fields)

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == "$.average_price"
