"""After too many stop-outs entries are refused for a while."""

from typing import Any

import pytest

from tests.spec.desk import (
    MINUTE,
    SECOND,
    Desk,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only

GUARD = {"stopouts_max": 2, "lookback_ms": 10 * MINUTE, "cooldown_ms": 30 * MINUTE}


def guarded_desk(**rule: Any) -> Desk:
    """Return a desk with two symbols whose positions have stops."""
    desk = open_desk(only(stop_loss={}, stopout_guard={**GUARD, **rule}), balance=100_000)
    desk.instrument("Y")
    return desk


def stop_out(desk: Desk, symbol: str = "X", *, filled: int = 1) -> None:
    """Have a position stopped out, and its exit filled."""
    desk.price(100, symbol)
    desk.fill("buy", filled, 100, symbol=symbol)
    desk.price(90, symbol)
    desk.wait(0)
    desk.wait(500)
    desk.fill("sell", filled, 90, symbol=symbol, signal_id=desk.exits()[-1]["exit_id"])


def refused(desk: Desk, symbol: str = "X") -> bool:
    """Tell whether an entry is refused by the guard."""
    decision = desk.signal("buy", 1, symbol=symbol, limit_price="90")
    return bool(decision["reasons"] == ["stopout_guard"])


def test_entries_pass_when_there_were_fewer_stop_outs() -> None:
    desk = guarded_desk()

    stop_out(desk)

    assert not refused(desk)


def test_entries_are_refused_when_there_were_as_many_stop_outs() -> None:
    desk = guarded_desk()

    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)

    decision = desk.signal("buy", 1, limit_price="90")
    assert decision["reasons"] == ["stopout_guard"]
    assert numbers_of(decision, "stopout_guard") == ("breach", "2", "2", "0")


@pytest.mark.parametrize(("apart_ms", "outcome"), [(10 * MINUTE - 1, True), (10 * MINUTE, False)])
def test_stop_outs_count_together_within_the_lookback(apart_ms: int, outcome: Any) -> None:
    desk = guarded_desk()
    stop_out(desk)

    desk.wait(apart_ms - 500)
    stop_out(desk)

    assert refused(desk) is outcome


@pytest.mark.parametrize(("wait_ms", "outcome"), [(30 * MINUTE - 1, True), (30 * MINUTE, False)])
def test_entries_are_refused_until_the_cooldown_after_the_last_is_over(
    wait_ms: int, outcome: Any
) -> None:
    desk = guarded_desk()
    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)
    desk.wait(20 * MINUTE)
    refused(desk)  # A look does not extend it.

    desk.wait(wait_ms - 20 * MINUTE)

    assert refused(desk) is outcome


def test_other_symbols_are_not_refused() -> None:
    desk = guarded_desk()
    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)

    assert (refused(desk), refused(desk, "Y")) == (True, False)


def test_all_symbols_are_refused_when_it_counts_over_all() -> None:
    desk = guarded_desk(per_symbol=False)
    stop_out(desk)
    stop_out(desk, "Y")

    assert (refused(desk), refused(desk, "Y")) == (True, True)


def test_exit_counts_once_however_many_fills_it_has() -> None:
    desk = guarded_desk()
    desk.fill("buy", 2, 100)
    desk.price(90)
    desk.wait(SECOND)
    for _ in range(2):
        desk.fill("sell", 1, 90, signal_id=desk.exits()[-1]["exit_id"])

    assert not refused(desk)


def test_exit_without_a_fill_is_no_stop_out() -> None:
    desk = guarded_desk()
    desk.fill("buy", 2, 100)
    desk.price(90)
    desk.wait(SECOND)
    for _ in range(3):
        desk.order(desk.exits()[-1]["exit_id"], "rejected")
        desk.wait(SECOND)

    assert not refused(desk)


def test_exit_of_a_strategy_is_no_stop_out() -> None:
    desk = guarded_desk()
    for _ in range(3):
        desk.fill("buy", 1, 100)
        desk.fill("sell", 1, 99)

    assert not refused(desk)


def test_exits_pass_when_entries_are_refused() -> None:
    desk = guarded_desk(per_symbol=False)
    desk.price(100, "Y")
    desk.fill("buy", 1, 100, symbol="Y")
    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)

    decision = desk.signal("sell", 1, symbol="Y", limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "stopout_guard") == ("exempt", "2", "2", "0")


def test_stop_outs_further_apart_than_the_cooldown_count_together() -> None:
    desk = guarded_desk(cooldown_ms=MINUTE)
    stop_out(desk)
    desk.wait(5 * MINUTE)

    stop_out(desk)

    assert refused(desk)


def test_breach_is_explained_when_there_were_too_many_stop_outs() -> None:
    desk = guarded_desk()
    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)

    decision = desk.signal("buy", 1, limit_price="90")

    message = "Stops closed 2 positions recently; entries are rejected from 2 on."
    assert explained(decision, "stopout_guard") == ("count", message)


def test_entry_passes_after_stop_outs_when_the_rule_is_turned_off() -> None:
    desk = guarded_desk(enabled=False)
    stop_out(desk)
    desk.wait(SECOND)
    stop_out(desk)

    assert_not_judged(desk.signal("buy", 1, limit_price="90"), "stopout_guard")
