"""The circuit breaker: what opens it, what it lets in when it is half-open, and what closes it."""

from typing import Any

import pytest

from tests.spec.desk import (
    HOUR,
    MINUTE,
    SECOND,
    Desk,
    answer_of,
    assert_not_judged,
    numbers_of,
    open_desk,
)
from tests.spec.desks import entry
from tests.spec.rulebook import only

IN_A_ROW = {"consecutive_losses_max": 3, "cooldown_ms": MINUTE}


def desk_with(**rule: Any) -> Desk:
    """Return a desk with a circuit breaker and nothing else."""
    return open_desk(only(circuit_breaker={"cooldown_ms": HOUR, **rule}))


def trade(desk: Desk, *results: int, symbol: str = "X") -> None:
    """Open and close a unit at 100 with each of these results."""
    for result in results:
        desk.fill("buy", 1, 100, symbol=symbol)
        desk.fill("sell", 1, 100 + result, symbol=symbol)


def refused(desk: Desk) -> bool:
    """Tell whether an entry is refused by the breaker; it is cancelled if not."""
    decision = entry(desk, 10)
    if decision["verdict"] != "rejected":
        desk.order(decision["signal_id"], "cancelled")
    return bool(decision["reasons"] == ["circuit_breaker"] and decision["verdict"] == "rejected")


@pytest.mark.parametrize(
    ("results", "opens"),
    [
        ((-1, -1), False),
        ((-1, -1, -1), True),
        ((-1, -1, 1, -1), False),
        ((-1, -1, 0, -1), True),
        ((-1, 1, -1, -1, -1), True),
    ],
)
def test_it_opens_when_as_many_closes_in_a_row_lost(results: tuple[int, ...], opens: Any) -> None:
    desk = desk_with(**IN_A_ROW)

    trade(desk, *results)

    assert refused(desk) is opens


def test_account_asks_to_be_woken_when_the_cooldown_will_end() -> None:
    desk = desk_with(**IN_A_ROW)

    trade(desk, -1, -1, -1)

    assert desk.state()["wake_at_ms"] == desk.now_ms + MINUTE


def test_result_of_a_close_has_the_fees_of_all_its_fills() -> None:
    desk = desk_with(consecutive_losses_max=1)
    desk.fill("buy", 2, 100, fee="1")
    desk.fill("sell", 1, 101, fee="1")

    desk.fill("sell", 1, 102, fee="1")
    even = refused(desk)
    desk.fill("buy", 1, 100, fee="1")
    desk.fill("sell", 1, 101, fee="0.01")

    # 1 + 2 - 3 is neither; 1 - 1.01 loses.
    assert (even, refused(desk)) == (False, True)


def test_position_that_turns_is_closed() -> None:
    desk = desk_with(consecutive_losses_max=1)
    desk.fill("buy", 1, 100)

    desk.fill("sell", 3, 99)

    assert answer_of(entry(desk, 10)) == ("modified", "2", ["circuit_breaker"], "circuit_breaker")


def test_result_begins_anew_when_a_position_turned() -> None:
    desk = desk_with(consecutive_losses_max=2)
    desk.fill("buy", 1, 100)
    desk.fill("sell", 3, 90)

    desk.fill("buy", 2, 89)

    # The first lost 10, the second won 2: it ends the run.
    trade(desk, -1)
    assert not refused(desk)


def test_part_of_a_position_is_no_close() -> None:
    desk = desk_with(consecutive_losses_max=1)
    desk.fill("buy", 2, 100)

    desk.fill("sell", 1, 90)

    assert not refused(desk)


@pytest.mark.parametrize(("wait_ms", "opens"), [(MINUTE - 1, True), (MINUTE, False)])
def test_it_opens_when_as_many_closes_lost_within_the_window(wait_ms: int, opens: Any) -> None:
    desk = desk_with(loss_count_max=2, window_ms=MINUTE)
    trade(desk, -1, 5)
    desk.wait(wait_ms)

    trade(desk, -1)

    assert refused(desk) is opens


@pytest.mark.parametrize(("mark", "opens"), [(95, False), (94, True)])
def test_it_opens_when_equity_fell_fast(mark: int, opens: Any) -> None:
    desk = desk_with(rapid_loss_ratio="0.05", rapid_window_ms=MINUTE)
    desk.fill("buy", 100, 100)

    desk.price(mark)
    desk.wait(SECOND)

    # Of 10 000, 500 are 5 %.
    assert refused(desk) is opens


@pytest.mark.parametrize(("wait_ms", "opens"), [(30 * SECOND, True), (61 * SECOND, False)])
def test_fall_counts_from_the_highest_within_the_window(wait_ms: int, opens: Any) -> None:
    desk = desk_with(rapid_loss_ratio="0.05", rapid_window_ms=MINUTE)
    desk.fill("buy", 100, 100)
    desk.price(97)
    desk.wait(wait_ms)

    desk.price(94)
    desk.wait(SECOND)

    assert refused(desk) is opens


def test_withdrawal_is_no_fast_loss() -> None:
    desk = desk_with(rapid_loss_ratio="0.05", rapid_window_ms=MINUTE)
    desk.fill("buy", 1, 100)

    desk.flow("withdrawal", 5000)

    assert not refused(desk)


@pytest.mark.parametrize(("wait_ms", "verdict"), [(MINUTE - 1, "rejected"), (MINUTE, "modified")])
def test_it_is_open_for_its_cooldown(wait_ms: int, verdict: str) -> None:
    desk = desk_with(**IN_A_ROW)
    trade(desk, -1, -1, -1)

    desk.wait(wait_ms)

    assert entry(desk, 10)["verdict"] == verdict


def half_open(**more: Any) -> Desk:
    """Return a desk whose breaker is half-open."""
    desk = desk_with(**IN_A_ROW, **more)
    trade(desk, -1, -1, -1)
    desk.wait(MINUTE)
    return desk


@pytest.mark.parametrize(("asked", "approved"), [(10, "5"), (11, "5"), (12, "6"), (2, "1")])
def test_half_is_let_in_when_the_breaker_is_half_open(asked: int, approved: str) -> None:
    decision = entry(half_open(), asked)

    assert answer_of(decision) == ("modified", approved, ["circuit_breaker"], "circuit_breaker")


def test_nothing_is_let_in_when_half_is_below_a_lot() -> None:
    decision = entry(half_open(), 1)

    assert answer_of(decision) == ("rejected", "0", ["circuit_breaker"], "circuit_breaker")


def test_numbers_are_the_quantity_and_what_is_let_in() -> None:
    decision = entry(half_open(half_open_scale="0.3"), 10)

    assert numbers_of(decision, "circuit_breaker") == ("breach", "10", "3", "-7")


def test_second_entry_is_refused_while_the_first_is_reserved() -> None:
    desk = half_open()
    entry(desk, 10)

    assert entry(desk, 10)["verdict"] == "rejected"


def test_next_entry_is_let_in_when_the_first_came_to_nothing() -> None:
    desk = half_open()
    first = entry(desk, 10)

    desk.order(first["signal_id"], "cancelled")

    assert entry(desk, 10)["verdict"] == "modified"


def enter(desk: Desk) -> None:
    """Have the one entry filled."""
    decision = entry(desk, 10)
    quantity = decision["approved_quantity"]
    desk.fill("buy", quantity, 100, signal_id=decision["signal_id"])


def test_second_entry_is_refused_when_a_position_was_opened_since() -> None:
    desk = half_open()
    enter(desk)

    assert entry(desk, 10)["verdict"] == "rejected"


@pytest.mark.parametrize(
    ("price", "verdict"), [(101, "approved"), (99, "rejected"), (100, "modified")]
)
def test_close_decides_when_it_is_half_open(price: int, verdict: str) -> None:
    desk = half_open()
    enter(desk)

    desk.fill("sell", 5, price)

    # A winning one closes it, a losing one opens it anew, a neutral one lets another try.
    assert entry(desk, 10)["verdict"] == verdict


def test_counters_are_cleared_when_a_winning_close_closes_it() -> None:
    desk = half_open()
    enter(desk)
    desk.fill("sell", 5, 101)

    trade(desk, -1, -1)
    before = refused(desk)
    trade(desk, -1)

    assert (before, refused(desk)) == (False, True)


def test_exit_passes_when_it_is_open() -> None:
    desk = desk_with(consecutive_losses_max=1)
    desk.fill("buy", 5, 100)
    desk.instrument("Y")
    trade(desk, -1, symbol="Y")

    decision = desk.signal("sell", 7, limit_price="100")

    assert answer_of(decision) == ("modified", "5", ["circuit_breaker"], "circuit_breaker")


def test_opening_is_told_each_time() -> None:
    desk = half_open()
    enter(desk)
    desk.fill("sell", 5, 99)

    assert [(row["level"], row["action"]) for row in desk.alerts("circuit_breaker")] == [
        ("medium", "block"),
        ("medium", "block"),
    ]


def test_resume_of_a_loss_stop_closes_it() -> None:
    breaker = {"consecutive_losses_max": 1, "cooldown_ms": HOUR}
    desk = open_desk(only(circuit_breaker=breaker, daily_loss={"on_breach": "reduce"}))
    trade(desk, -300)
    desk.wait(SECOND)

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert entry(desk, 10)["verdict"] == "approved"


def test_resume_of_another_stop_leaves_it_open() -> None:
    desk = desk_with(consecutive_losses_max=1)
    trade(desk, -1)
    desk.control("halt")

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert refused(desk)


@pytest.mark.parametrize(
    "rule", [{"consecutive_losses_max": 0}, {"half_open_scale": "1.1"}, {"loss_count_max": "x"}]
)
def test_document_is_refused_when_it_has_no_sense(rule: dict[str, Any]) -> None:
    desk = desk_with(**IN_A_ROW)

    desk.limits(only(circuit_breaker=IN_A_ROW | {"window_ms": MINUTE} | rule))

    assert len(desk.alerts("limits")) == 1
    assert f"circuit_breaker.{next(iter(rule))}" in desk.alerts("limits")[0]["message"]


def test_alert_says_why_when_the_breaker_opens() -> None:
    desk = half_open()
    entry(desk, 10)

    trade(desk, -1)

    assert [row["message"] for row in desk.alerts("circuit_breaker")] == [
        "3 losing closes in a row",
        "a losing close reopens the circuit breaker",
    ]


def test_entry_passes_after_losses_when_the_rule_is_turned_off() -> None:
    desk = desk_with(**IN_A_ROW, enabled=False)

    trade(desk, -1, -1, -1)

    assert_not_judged(entry(desk, 10), "circuit_breaker")


def test_exit_is_exempt_when_the_breaker_is_open() -> None:
    desk = desk_with(consecutive_losses_max=1)
    desk.fill("buy", 5, 100)
    desk.instrument("Y")
    trade(desk, -1, symbol="Y")

    decision = desk.signal("sell", 5, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "circuit_breaker")[0] == "exempt"
