"""A correction takes the place of the fill that it names: later fills fold as if it had come so."""

import pytest

from tests.spec.desk import HOUR, MINUTE, SECOND, Desk, open_desk
from tests.spec.desks import euro_desk, held
from tests.spec.rulebook import only


def correct(desk: Desk, side: str, quantity: int, price: int, fill_id: str, **fields: str) -> None:
    """Say what a fill really was."""
    desk.fill(side, quantity, price, fill_id=fill_id, kind="correct", **fields)


def test_later_fills_fold_as_if_the_fill_had_come_so() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 90, fill_id="one")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 110)

    correct(desk, "buy", 20, 94, "one")

    # 30 cost 2880, 96 each: 10 are sold at 110.
    assert held(desk) == ("20", "96", "140")
    assert (desk.alerts("bust"), desk.alerts("fill_conflict")) == ([], [])


def test_late_fee_is_realized_and_changes_no_position() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")

    correct(desk, "buy", 10, 100, "one", fee="3")

    assert held(desk) == ("10", "100", "-3")
    state = desk.state()
    assert (state["balance"], state["daily"]["realized"]) == ("9997", "-3")


def test_fee_in_units_changes_the_position_when_it_is_told_late() -> None:
    desk = open_desk(only())
    desk.instrument("S", base_currency="S")
    desk.price(100, "S")
    desk.fill("buy", 10, 90, symbol="S", fill_id="one")

    correct(desk, "buy", 10, 90, "one", symbol="S", fee="1", fee_currency="S")

    # The fee of 1 is worth 90.
    assert held(desk, "S") == ("9", "90", "-90")


def test_second_correction_takes_the_place_of_the_first() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")
    correct(desk, "buy", 10, 100, "one", fee="3")

    correct(desk, "buy", 10, 100, "one", fee="2")

    assert held(desk) == ("10", "100", "-2")


@pytest.mark.parametrize("kind", ["new", "correct"])
@pytest.mark.parametrize("fee", ["0", "3"])
def test_nothing_changes_when_what_was_said_comes_again(kind: str, fee: str) -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")
    correct(desk, "buy", 10, 100, "one", fee="3")

    desk.fill("buy", 10, 100, fill_id="one", kind=kind, fee=fee)

    assert held(desk)[2] == ("0" if (kind, fee) == ("correct", "0") else "-3")
    assert desk.alerts("fill_conflict") == []


def test_correction_is_booked_as_its_fill_when_that_did_not_come() -> None:
    desk = open_desk(only())
    decision = desk.signal("buy", 10, limit_price="100")

    correct(desk, "buy", 4, 100, "one", fee="1", signal_id=decision["signal_id"])
    desk.fill("buy", 5, 100, fill_id="one", signal_id=decision["signal_id"])

    assert held(desk) == ("4", "100", "-1")
    assert desk.reserved() == {decision["signal_id"]: "6"}
    assert len(desk.alerts("fill_conflict")) == 1


def test_reservation_stays_as_it_is_when_a_fill_is_corrected() -> None:
    desk = open_desk(only())
    decision = desk.signal("buy", 10, limit_price="100")
    desk.fill("buy", 4, 100, fill_id="one", signal_id=decision["signal_id"])

    correct(desk, "buy", 6, 100, "one", signal_id=decision["signal_id"])

    assert (held(desk)[0], desk.reserved()) == ("6", {decision["signal_id"]: "6"})


def test_correction_is_at_the_rate_of_the_fill() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 6, symbol="E", fill_id="two")
    desk.price("1.5", "EURUSD")

    correct(desk, "sell", 10, 7, "two", symbol="E", fee="2")

    # (20 - 2) x 1.1.
    assert desk.state()["balance"] == "10019.8"


def test_fee_in_a_third_currency_is_at_the_rate_of_its_fill() -> None:
    desk = open_desk(only())
    desk.instrument("GBPUSD", base_currency="GBP")
    desk.price(2, "GBPUSD")
    desk.fill("buy", 10, 100, fill_id="one", fee="3", fee_currency="GBP")
    desk.price(3, "GBPUSD")

    correct(desk, "buy", 10, 100, "one", fee="4", fee_currency="GBP")

    assert desk.state()["balance"] == "9992"


def test_correction_of_yesterdays_fill_goes_into_yesterday() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms
    desk.fill("buy", 10, 90, fill_id="one")
    desk.wait(12 * HOUR + MINUTE)
    desk.price(100)

    desk.fill("buy", 10, 90, fill_id="one", kind="correct", fee="5", executed_at_ms=executed_ms)

    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"], daily["realized"]) == ("10095", "0", "0")
    (alert,) = desk.alerts("late_fill")
    assert (alert["measured"], alert["limit"]) == ("95", "100")


def test_correction_of_a_fill_without_instrument_waits_with_it() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")
    desk.fill("buy", 10, 18, symbol="Y", fill_id="one")
    desk.fill("buy", 5, 20, symbol="Y")

    correct(desk, "buy", 5, 18, "one", symbol="Y", fee="1")
    provisional = held(desk, "Y")
    desk.instrument("Y")
    desk.signal("hold", symbol="Y")

    assert (provisional[0], held(desk, "Y")) == ("10", ("10", "19", "-1"))


def test_correction_of_a_fill_no_longer_kept_leaves_the_total_exact() -> None:
    desk = open_desk(only(), balance=1_000_000)
    desk.fill("buy", 1, 90, fill_id="one", fee="1")
    for _ in range(1000):
        desk.fill("buy", 1, 100)

    correct(desk, "buy", 1, 80, "one", fee="2")

    # 1001 at a mark of 100, one bought at 80 for a fee of 2.
    assert (desk.position()["quantity"], desk.state()["equity"]) == ("1001", "1000018")
    assert "no longer kept" in desk.alerts("bust")[0]["message"]


def test_correction_of_a_busted_fill_is_left_out_and_told() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")
    desk.fill("buy", 10, 100, fill_id="one", kind="bust")

    correct(desk, "buy", 20, 100, "one")

    assert held(desk)[0] == "0"
    assert "was busted, so its correction is ignored" in desk.alerts("bust")[-1]["message"]


def test_bust_undoes_what_the_correction_said() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one", fee="1")
    correct(desk, "buy", 20, 90, "one", fee="2")

    desk.fill("buy", 10, 100, fill_id="one", kind="bust")

    assert held(desk) == ("0", "0", "0")
    assert desk.state()["balance"] == "10000"


def test_correction_at_an_impossible_price_is_refused() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one")

    correct(desk, "buy", 10, -1, "one")

    assert held(desk) == ("10", "100", "0")
    assert desk.stops() == [("fill_refused", "triggered")]


@pytest.mark.parametrize(("fee", "balance"), [("0", "10000"), ("3", "9997")])
def test_late_fee_is_booked_when_the_position_was_adopted_since(fee: str, balance: str) -> None:
    desk = open_desk(only(drift={"drift_grace_ms": 0}))
    desk.fill("buy", 10, 100, fill_id="one")
    desk.wait(SECOND)
    desk.snapshot(12, 100)

    correct(desk, "buy", 10, 100, "one", fee=fee)

    assert (desk.position()["quantity"], desk.state()["balance"]) == ("12", balance)
