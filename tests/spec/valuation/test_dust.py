"""Dust and delisted holdings keep their last value, and their prices block nothing."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only

LEFT = [{"min_quantity": "3"}, {"status": "delisted"}]
NAMES = ["dust", "delisted"]


def left_desk(
    fields: dict[str, str], *, mark: str | None = "120", **rules: dict[str, object]
) -> Desk:
    """Return a desk of 10 000 that holds 2 of Y, bought at 100, which nobody can sell any more."""
    desk = open_desk(only(**rules))
    desk.instrument("Y")
    if mark is not None:
        desk.price(mark, "Y")
    desk.fill("buy", 2, 100, symbol="Y")
    desk.instrument("Y", **fields)
    desk.signal("hold", symbol="Y")
    return desk


def later(desk: Desk) -> None:
    """Let more than a minute pass, in which only X has prices."""
    for _ in range(3):
        desk.wait(40 * SECOND)
        desk.price(100)


@pytest.mark.parametrize("fields", LEFT, ids=NAMES)
def test_last_mark_values_it_however_old(fields: dict[str, str]) -> None:
    desk = left_desk(fields)
    later(desk)

    decision = desk.signal("buy", 1, limit_price="100")

    # 2 x 20.
    assert decision["equity"] == "10040"


@pytest.mark.parametrize("fields", LEFT, ids=NAMES)
def test_cost_values_it_when_there_never_was_a_mark(fields: dict[str, str]) -> None:
    desk = left_desk(fields, mark=None)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["equity"], desk.state()["gross_exposure"]) == ("10000", "200")


@pytest.mark.parametrize("mark", ["120", None], ids=["old price", "no price"])
@pytest.mark.parametrize("fields", LEFT, ids=NAMES)
def test_no_rule_waits_for_its_price(fields: dict[str, str], mark: str | None) -> None:
    rules: dict[str, dict[str, object]] = {
        "stale_mark": {}, "gross_exposure": {}, "cash": {}, "drawdown": {}, "daily_loss": {},
    }  # fmt: skip
    desk = left_desk(fields, mark=mark, **rules)
    later(desk)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["verdict"], decision["reasons"]) == ("approved", [])


@pytest.mark.parametrize("mark", ["120", None], ids=["old price", "no price"])
@pytest.mark.parametrize("fields", LEFT, ids=NAMES)
def test_stale_data_does_not_stop_for_it(fields: dict[str, str], mark: str | None) -> None:
    desk = left_desk(fields, mark=mark, stale_data={})

    later(desk)
    desk.wait(2 * MINUTE)

    assert desk.stops() == []


def test_stale_data_stops_for_what_is_held_at_the_smallest_quantity() -> None:
    desk = left_desk({"min_quantity": "2"}, stale_data={})

    later(desk)

    assert desk.stops()[0] == ("stale_data", "triggered")


@pytest.mark.parametrize("fields", LEFT, ids=NAMES)
def test_it_is_no_open_position(fields: dict[str, str]) -> None:
    desk = left_desk(fields, open_positions={"open_positions_max": 1})

    first = desk.signal("buy", 1, limit_price="100")
    desk.instrument("Z")
    desk.price(100, "Z")
    second = desk.signal("buy", 1, limit_price="100", symbol="Z")

    assert numbers_of(first, "open_positions")[:3] == ("pass", "1", "1")
    assert numbers_of(second, "open_positions")[:3] == ("breach", "2", "1")


def test_symbol_counts_once_when_an_order_adds_to_its_dust() -> None:
    desk = left_desk({"min_quantity": "3"}, open_positions={"open_positions_max": 1})

    first = desk.signal("buy", 3, limit_price="120", symbol="Y")
    second = desk.signal("buy", 3, limit_price="120", symbol="Y")

    assert numbers_of(first, "open_positions")[1] == "1"
    assert numbers_of(second, "open_positions")[1] == "1"


def test_order_in_its_own_symbol_needs_a_fresh_price() -> None:
    desk = left_desk({"min_quantity": "3"}, stale_mark={})
    later(desk)

    decision = desk.signal("buy", 3, limit_price="120", symbol="Y")

    assert decision["reasons"] == ["stale_mark"]


def test_old_rate_of_it_is_left_out_of_account() -> None:
    desk = open_desk(only(unknown_rate={}))
    desk.instrument("EURUSD", base_currency="EUR")
    desk.instrument("E", settlement_currency="EUR")
    desk.price("1.1", "EURUSD")
    desk.price(6, "E")
    desk.fill("buy", 2, 5, symbol="E")
    desk.instrument("E", settlement_currency="EUR", status="delisted")
    desk.signal("hold", symbol="E")
    later(desk)

    decision = desk.signal("buy", 1, limit_price="100")

    # 2 x 1 x 1.1: the last rate counts.
    assert (answer_of(decision)[0], decision["equity"]) == ("approved", "10002.2")


def test_loss_stop_is_resumed_when_only_the_price_of_it_is_old() -> None:
    desk = left_desk({"status": "delisted"}, daily_loss={"on_breach": "halt"})
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 70)
    later(desk)
    (stop_id,) = desk.state()["stops"]

    desk.control("resume", stop_id=stop_id)

    assert desk.stops() == [("daily_loss", "triggered"), ("daily_loss", "resumed")]


def test_price_counts_again_when_more_is_bought() -> None:
    desk = left_desk({"min_quantity": "3"}, stale_mark={})
    desk.fill("buy", 1, 120, symbol="Y")
    later(desk)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
