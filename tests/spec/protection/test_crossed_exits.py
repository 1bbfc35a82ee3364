"""Exits of a position that went through zero belong to the old one; exits come in order."""

from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only


def crossed_desk() -> Desk:
    """Return a flattening desk whose long position became short while its exit works."""
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    desk.order(desk.exits()[0]["exit_id"], "accepted")
    desk.wait(SECOND)
    desk.fill("sell", 14, 100)
    return desk


def sent(rows: list[Row]) -> list[tuple[str, str, str]]:
    """Return symbol, side and quantity of exits."""
    return [(row["symbol"], row["side"], row["quantity"]) for row in rows]


def test_exit_of_the_old_side_blocks_no_exit_of_the_new_one() -> None:
    desk = crossed_desk()

    assert sent(desk.exits()) == [("X", "sell", "10"), ("X", "buy", "4")]


def test_fill_of_an_old_exit_ends_no_stop_of_the_new_position() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", 10, 100)
    desk.see(97)
    old = desk.exits()[0]["exit_id"]
    desk.fill("sell", 14, 97)
    desk.see(110)
    new = desk.exits()[-1]["exit_id"]
    desk.order(new, "accepted")
    desk.fill("sell", 10, 110, signal_id=old)
    desk.see(97)
    desk.order(new, "cancelled")
    desk.wait(SECOND)

    # The short position's stop of 98.94 was met at 110 and nothing closed it since.
    assert sent(desk.exits()) == [("X", "sell", "10"), ("X", "buy", "4"), ("X", "buy", "14")]


def test_exits_come_in_the_order_in_which_positions_opened() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 1, 100)
    desk.wait(1)
    desk.fill("buy", 2, 100, symbol="Y")
    desk.wait(1)
    desk.fill("sell", 1, 100)
    desk.fill("buy", 3, 100)

    desk.control("flatten")

    assert sent(desk.exits()) == [("Y", "sell", "2"), ("X", "sell", "3")]


def test_exits_of_stops_come_as_positions_opened_not_by_name() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 2, 100, symbol="Y")
    desk.wait(1)
    desk.fill("buy", 3, 100)
    desk.price(90, "Y")
    desk.price(90)
    desk.wait(SECOND)

    desk.limits(only(stop_loss={}))
    desk.wait(SECOND)

    assert sent(desk.exits()) == [("Y", "sell", "2"), ("X", "sell", "3")]
