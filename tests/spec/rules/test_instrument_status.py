"""Entries need an instrument that is trading; exits pass."""

import pytest

from tests.spec.desk import Row, assert_not_judged, checks_of, explained, open_desk
from tests.spec.rulebook import only


def decided(status: str, side: str, held: int = 0) -> Row:
    """Return the decision on one unit of an instrument with a status."""
    desk = open_desk(only(instrument_status={}))
    if held:
        desk.fill("buy", held, 100)
    desk.instrument(status=status)
    return desk.signal(side, 1, limit_price="100")


@pytest.mark.parametrize(
    ("status", "reasons"),
    [("trading", []), ("halted", ["instrument_status"]), ("delisted", ["instrument_status"])],
)
def test_entry_is_rejected_when_its_instrument_is_not_trading(
    status: str, reasons: list[str]
) -> None:
    decision = decided(status, "buy")

    assert decision["reasons"] == reasons
    assert checks_of(decision)["instrument_status"]["measured"] is None


@pytest.mark.parametrize("status", ["halted", "delisted"])
def test_exit_is_exempt_when_its_instrument_is_not_trading(status: str) -> None:
    decision = decided(status, "sell", held=1)

    assert decision["verdict"] == "approved"
    assert checks_of(decision)["instrument_status"]["verdict"] == "exempt"


def test_order_larger_than_the_exit_is_cut_when_its_instrument_is_halted() -> None:
    desk = open_desk(only(instrument_status={}))
    desk.fill("buy", 2, 100)
    desk.instrument(status="halted")

    decision = desk.signal("sell", 5, limit_price="100")

    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "2")
    assert decision["reasons"] == ["instrument_status"]


def test_entry_is_approved_again_when_trading_goes_on() -> None:
    desk = open_desk(only(instrument_status={}))
    desk.instrument(status="halted")

    desk.instrument(status="trading")

    assert desk.signal("buy", 1, limit_price="100")["verdict"] == "approved"


def test_instrument_is_a_dead_letter_when_its_status_is_another_word() -> None:
    desk = open_desk(only())

    desk.instrument(status="paused")

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == "$.status"


@pytest.mark.parametrize("status", ["halted", "delisted"])
def test_breach_names_the_status_when_trading_is_not_going_on(status: str) -> None:
    decision = decided(status, "buy")

    assert explained(decision, "instrument_status") == (None, f"X is {status}.")


def test_check_passes_when_the_instrument_is_unknown() -> None:
    decision = open_desk(only(instrument_status={})).signal("buy", 1, symbol="NOWHERE")

    assert checks_of(decision)["instrument_status"]["verdict"] == "pass"
    assert decision["reasons"] == ["unknown_instrument"]


def test_entry_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(instrument_status={"enabled": False}))
    desk.instrument(status="halted")

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "instrument_status")
