"""No more symbols are held or ordered at once than allowed."""

import pytest

from tests.spec.desk import Desk, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import entry
from tests.spec.rulebook import only


def counted_desk(most: int) -> Desk:
    """Return a desk that holds Y, has an order for Z and may have so many symbols open."""
    desk = open_desk(only(open_positions={"open_positions_max": most}))
    for symbol in ("Y", "Z", "W"):
        desk.instrument(symbol)
        desk.price(100, symbol)
    desk.fill("buy", 10, 100, symbol="Y")
    entry(desk, symbol="Z", signal_id="z")
    return desk


@pytest.mark.parametrize(
    ("most", "check"),
    [
        (4, ("pass", "3", "4", "1")),
        (3, ("pass", "3", "3", "0")),
        (2, ("breach", "3", "2", "-1")),
    ],
)
def test_entry_is_rejected_when_it_would_open_one_symbol_too_many(
    most: int, check: tuple[str, ...]
) -> None:
    desk = counted_desk(most)

    decision = entry(desk, symbol="X")

    assert numbers_of(decision, "open_positions") == check
    assert decision["reasons"] == (["open_positions"] if check[0] == "breach" else [])


def test_symbol_counts_once_when_it_is_held_and_ordered() -> None:
    desk = counted_desk(2)

    in_held, in_ordered = entry(desk, symbol="Y"), entry(desk, symbol="Z")

    assert numbers_of(in_held, "open_positions") == ("pass", "2", "2", "0")
    assert numbers_of(in_ordered, "open_positions") == ("pass", "2", "2", "0")


def test_symbol_counts_no_more_when_nothing_of_it_is_left() -> None:
    desk = counted_desk(2)

    desk.order("z", "cancelled", symbol="Z")
    desk.fill("sell", 10, 100, symbol="Y")

    assert numbers_of(entry(desk, symbol="X"), "open_positions") == ("pass", "1", "2", "1")


def test_exit_is_exempt_when_too_many_symbols_are_open() -> None:
    desk = counted_desk(2)
    desk.limits({"open_positions": {"open_positions_max": 0}})

    decision = desk.signal("sell", 10, limit_price="100", symbol="Y")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "open_positions") == ("exempt", "2", "0", "-2")


def test_breach_is_explained_when_one_symbol_too_many_would_open() -> None:
    decision = entry(counted_desk(2), symbol="X")

    message = "There would be 3 open positions, above the maximum of 2."
    assert explained(decision, "open_positions") == ("count", message)


def test_another_symbol_opens_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(open_positions={"open_positions_max": 0, "enabled": False}))

    assert_not_judged(entry(desk), "open_positions")


@pytest.mark.parametrize("most", [-1, "1.5"])
def test_maximum_is_refused_when_it_is_no_count(most: object) -> None:
    desk = open_desk(only())

    desk.limits({"open_positions": {"open_positions_max": most}})

    assert len(desk.alerts("limits")) == 1
    assert entry(desk)["limits_version"] == "1.0"
