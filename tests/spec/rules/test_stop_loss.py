"""A position is closed once its mark reaches the stop of its newest filled entry."""

import pytest

from tests.spec.desk import MINUTE, open_desk
from tests.spec.desks import bought
from tests.spec.rulebook import only


@pytest.mark.parametrize(("mark", "exits"), [("95.01", 0), ("95", 1), ("94.99", 1)])
def test_long_is_closed_when_its_mark_is_at_its_stop_or_below(mark: str, exits: int) -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="95")

    desk.see(mark)

    assert desk.closed() == [("stop_loss", "sell", "10")] * exits


@pytest.mark.parametrize(("mark", "exits"), [("104.99", 0), ("105", 1), ("105.01", 1)])
def test_short_is_closed_when_its_mark_is_at_its_stop_or_above(mark: str, exits: int) -> None:
    desk = open_desk(only(stop_loss={}))
    desk.signal("sell", 10, limit_price="100", stop_price="105", signal_id="s")
    desk.fill("sell", 10, 100, signal_id="s")

    desk.see(mark)

    assert desk.closed() == [("stop_loss", "buy", "10")] * exits


def test_position_is_closed_when_its_instrument_becomes_known() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", 10, 100, symbol="Y")
    before = desk.closed()

    desk.instrument("Y")
    desk.price(97, "Y")
    desk.signal("hold", symbol="Y")

    # 2 % below the fill is 98.
    assert (before, desk.closed()) == ([], [("stop_loss", "sell", "10")])


@pytest.mark.parametrize(("mark", "exits"), [("98.01", 0), ("98", 1)])
def test_stop_is_two_percent_off_the_entry_when_nobody_named_one(mark: str, exits: int) -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk)

    desk.see(mark)

    assert len(desk.exits()) == exits


def test_stop_follows_the_fill_when_its_order_is_unknown() -> None:
    desk = open_desk(only(stop_loss={}, stop={"stop_ratio": "0.1"}))
    desk.fill("buy", 10, 100)

    desk.see("90.01")
    before = len(desk.exits())
    desk.see("90")

    assert (before, desk.closed()) == (0, [("stop_loss", "sell", "10")])


def test_stop_is_the_one_of_the_newest_filled_entry() -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="95")
    bought(desk, stop_price="90")

    desk.see("94", "90.01")
    before = len(desk.exits())
    desk.see("90")

    assert (before, desk.closed()) == (0, [("stop_loss", "sell", "20")])


def test_stop_is_not_that_of_an_entry_that_was_never_filled() -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="90")
    desk.signal("buy", 10, limit_price="100", stop_price="99")

    desk.see("95")

    assert desk.exits() == []


def test_stop_is_kept_when_a_part_is_sold() -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="95")
    desk.signal("sell", 4, limit_price="100", stop_price="120", signal_id="part")
    desk.fill("sell", 4, 100, signal_id="part")

    desk.see("95")

    assert desk.closed() == [("stop_loss", "sell", "6")]


def test_stop_is_dropped_when_the_position_is_flat() -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="95")
    desk.fill("sell", 10, 100)
    bought(desk, stop_price="80")

    desk.see("94", "81")

    assert desk.exits() == []


def test_adopted_position_has_no_stop_of_an_entry() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.snapshot(10, 100)

    desk.see("50")

    assert desk.exits() == []


def test_nothing_is_closed_when_the_stop_loss_is_turned_off() -> None:
    desk = open_desk(only())
    bought(desk, stop_price="95")

    desk.see("10")

    assert desk.exits() == []


@pytest.mark.parametrize(("named", "stop", "above"), [("95", "95", "95.01"), (None, "98", "98.01")])
def test_entrys_stop_counts_when_the_rule_is_turned_on_later(
    named: str | None, stop: str, above: str
) -> None:
    desk = open_desk(only())
    bought(desk, 10, stop_price=named)
    desk.limits(only(stop_loss={}))

    desk.see(above)
    before = desk.closed()
    desk.see(stop)

    assert (before, desk.closed()) == ([], [("stop_loss", "sell", "10")])


def test_market_entry_is_not_sold_in_the_event_of_its_fill() -> None:
    desk = open_desk({})  # The built-in defaults.

    decision = desk.signal("buy", 5, signal_id="s")
    desk.fill("buy", 5, 100, signal_id="s")

    assert (decision["verdict"], decision["stop_price"]) == ("approved", "98")
    assert desk.exits() == []


def test_worked_out_stop_follows_the_average_price_of_the_entry_s_fills() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.signal("buy", 20, signal_id="s", limit_price="100")
    desk.fill("buy", 10, 99, signal_id="s")
    desk.fill("buy", 10, 98, signal_id="s")

    desk.see("96.51")
    before = desk.closed()
    desk.see("96.5")

    # 98.5 on average less the 2 that the decision told.
    assert (before, desk.closed()) == ([], [("stop_loss", "sell", "20")])


def test_named_stop_stays_when_the_entry_fills_at_another_price() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.signal("buy", 10, signal_id="s", limit_price="100", stop_price="97")
    desk.fill("buy", 10, 98, signal_id="s")

    desk.see("97.01")
    before = desk.closed()
    desk.see("97")

    assert (before, desk.closed()) == ([], [("stop_loss", "sell", "10")])


def test_position_is_only_told_of_when_its_stop_only_warns() -> None:
    desk = open_desk(only(stop_loss={"on_breach": "warn"}))
    bought(desk, stop_price="95")

    desk.see("95")

    assert desk.exits() == []
    assert [(row["level"], row["action"]) for row in desk.alerts("stop_loss")] == [("low", "warn")]


@pytest.mark.parametrize(
    ("on_breach", "state"), [("reduce", "reducing"), ("halt", "halted"), ("warn", "active")]
)
def test_account_is_stopped_when_a_stop_of_its_position_says_so(on_breach: str, state: str) -> None:
    desk = open_desk(only(stop_loss={"on_breach": on_breach}))
    bought(desk, stop_price="95")

    desk.see("95")

    assert (desk.state()["trading_state"], desk.exits()) == (state, [])


def test_exit_is_told_with_its_numbers() -> None:
    desk = open_desk(only(stop_loss={}))
    bought(desk, stop_price="95")

    desk.see("94.5")

    (alert,) = desk.alerts("stop_loss")
    assert (alert["measured"], alert["limit"], alert["action"]) == ("94.5", "95", "reduce")
    assert desk.state()["trading_state"] == "active"


def test_nothing_is_closed_when_the_position_has_no_mark() -> None:
    desk = open_desk(only(stop_loss={}), mark=None)
    desk.fill("buy", 10, 100)

    desk.wait(MINUTE)

    assert desk.exits() == []
