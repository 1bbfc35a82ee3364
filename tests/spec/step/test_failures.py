"""What raises in an event is left out and halts the account; controls act, the rest goes on."""

from collections.abc import Callable

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

pytestmark = pytest.mark.interpreted
Broken = Callable[..., None]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Make functions of the core raise, wherever they are called."""

    def raising(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    def break_all(*names: str) -> None:
        for name in names:
            monkeypatch.setattr(f"pipeline.risk.{name}", raising)

    return break_all


RULE = ("on_signal.judge",)
DUE = ("on_order.end_wait", "boundaries.end_wait")
ROLL = ("step.roll", "boundaries.roll")
MARKET = ("step.take_all", "boundaries.take_all")
HANDLER = ("on_fill.book",)
PROTECT = ("step.protect", "boundaries.protect")
VALUE = ("working_account.value",)
EVERYONE = ("step.catch_up", "boundaries.catch_up")  # What is applied of a `*` control.
PARTS = pytest.mark.parametrize(
    "parts", [RULE, DUE, ROLL, MARKET, HANDLER, PROTECT, VALUE, EVERYONE]
)


def held_desk() -> Desk:
    """Return a desk that holds 10 of X, with an order of 2 that nobody has answered yet."""
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.signal("buy", 2, signal_id="open")
    return desk


def provoke(desk: Desk) -> None:
    """Let each part of an event be called: time that passes, a price, a signal, a fill."""
    desk.wait(2 * MINUTE)
    desk.price(100)
    desk.signal("buy", 1)
    desk.fill("buy", 1, 100)


def states(desk: Desk) -> list[str]:
    """Return the state after each row of emergency_stops that a control brought about."""
    return [row["status"] for row in desk.sent("emergency_stops") if row["rule"] == "control"]


@PARTS
def test_halt_acts_when_a_part_of_every_event_raises(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*parts)
    provoke(desk)

    desk.control("halt")

    assert states(desk) == ["triggered"]


@PARTS
def test_flatten_sends_its_exits_when_a_part_of_every_event_raises(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*parts)
    provoke(desk)

    desk.control("flatten")

    held = "10" if parts == HANDLER else "11"
    assert [(row["symbol"], row["quantity"]) for row in desk.exits()] == [("X", held)]


@PARTS
def test_resume_lifts_a_halt_when_a_part_of_every_event_raises(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*parts)
    provoke(desk)
    (halt,) = [row for row in desk.control("halt") if row.get("status") == "triggered"][:1]

    desk.control("resume", stop_id=halt["stop_id"])

    assert states(desk) == ["triggered", "resumed"]


@PARTS
def test_fill_is_booked_when_another_part_of_its_event_raises(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*(part for part in parts if part != "on_fill.book"))
    provoke(desk)

    desk.fill("buy", 5, 100)

    assert sum_of_fills(desk) == "16"


def sum_of_fills(desk: Desk) -> str:
    """Return the quantity held, as the newest row of emergency_stops says it."""
    desk.control("halt")
    row = desk.sent("emergency_stops")[-1]
    return str(next(item["quantity"] for item in row["positions"] if item["symbol"] == "X"))


@PARTS
def test_account_is_halted_and_told_when_a_part_of_an_event_raises(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*parts)

    provoke(desk)

    (alert, *_) = desk.alerts("internal_error")
    halted = ("internal_error", "triggered") in desk.stops()
    assert ("ArithmeticError: broken" in alert["message"], halted) == (True, parts != RULE)


@pytest.mark.parametrize("parts", [ROLL, MARKET, EVERYONE, PROTECT, VALUE])
def test_account_is_halted_again_when_a_part_raises_beside_its_resume(
    parts: tuple[str, ...], broken: Broken
) -> None:
    desk = held_desk()
    broken(*parts)
    desk.price(100)
    desk.signal("buy", 1)
    (stop_id,) = desk.state()["stops"]

    desk.control("resume", stop_id=stop_id)

    state = desk.state()
    assert (state["trading_state"], stop_id in state["stops"]) == ("halted", False)


def test_only_the_event_is_a_dead_letter_when_it_raises(broken: Broken) -> None:
    desk = held_desk()
    broken(*DUE)
    desk.wait(2 * MINUTE)
    after_due = list(desk.sent("dead_letters"))

    broken(*HANDLER)
    desk.fill("buy", 1, 100)

    assert after_due == []
    assert [row["error"] for row in desk.sent("dead_letters")] == ["ArithmeticError: broken"]


def test_wait_that_raises_at_its_end_is_dropped(broken: Broken) -> None:
    desk = held_desk()
    broken(*DUE)
    desk.wait(2 * MINUTE)
    said = len(desk.alerts("internal_error"))

    desk.wait(60 * MINUTE)

    assert (said, len(desk.alerts("internal_error"))) == (1, 1)
    assert desk.reserved() == {"open": "2"}


def test_other_positions_are_closed_when_the_exit_of_one_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = two_positions()
    whole = _close()

    def half(turn: object, holding: object, **fields: object) -> object:
        if getattr(holding, "symbol", "") == "X":
            raise ArithmeticError("broken")
        return whole(turn, holding, **fields)

    monkeypatch.setattr("pipeline.risk.protection.flatten.close", half)
    desk.control("flatten")

    assert [(row["symbol"], row["quantity"]) for row in desk.exits()] == [("Y", "4")]


def two_positions() -> Desk:
    """Return a desk that holds 10 of X and 4 of Y."""
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(200, "Y")
    desk.fill("buy", 10, 100)
    desk.fill("buy", 4, 200, symbol="Y")
    return desk


def _close() -> Callable[..., object]:
    from pipeline.risk.protection.exits import close

    return close


def test_other_accounts_go_on_when_one_raises(broken: Broken) -> None:
    desk = held_desk()
    broken(*HANDLER)
    desk.fill("buy", 1, 100)

    desk.flow("opening", 1000, account_id="acct-2")
    decision = desk.signal("buy", 1, account_id="acct-2")

    assert decision["verdict"] == "approved"


def test_signal_is_rejected_when_what_falls_due_with_it_raises(broken: Broken) -> None:
    desk = held_desk()
    broken(*ROLL)
    desk.driver.now_ms += SECOND
    entry: Row = desk.signal("buy", 1)

    assert (entry["verdict"], entry["reasons"]) == ("rejected", ["trading_state"])
