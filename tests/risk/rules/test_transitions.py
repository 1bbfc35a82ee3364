"""How the records of stateful rules move on, by themselves: no account, no log."""

from decimal import Decimal

import pytest

from pipeline.risk.account.rule_records import Breaker, Drift, Violations
from pipeline.risk.rules.circuit_breaker.rule import CircuitBreaker
from pipeline.risk.rules.circuit_breaker.transition import after_close, after_entry, half_open_ms
from pipeline.risk.rules.drift import transition as drift
from pipeline.risk.rules.overfill.rule import Overfill
from pipeline.risk.rules.overfill.transition import after_overfill, too_many
from pipeline.risk.rules.stale_data.transition import next_due_ms
from pipeline.risk.rules.stopout_guard.rule import StopoutGuard
from pipeline.risk.rules.stopout_guard.transition import after_stopout
from pipeline.risk.rules.violation_rate.transition import after_breach, after_violations, excess

TWO_LOSSES = CircuitBreaker(consecutive_losses_max=2, cooldown_ms=100)
OPENED = Breaker(losing_run=2, opened_ms=1000)
LOSS, GAIN = Decimal(-5), Decimal(5)


def test_breaker_opens_when_as_many_closes_in_a_row_lose() -> None:
    once = after_close(TWO_LOSSES, Breaker(), LOSS, now_ms=900)
    twice = after_close(TWO_LOSSES, once.breaker, LOSS, now_ms=1000)

    assert (once.breaker, once.opened) == (Breaker(losing_run=1), None)
    assert twice.breaker == OPENED
    assert twice.opened is not None
    assert (twice.opened.measured, twice.opened.limit) == (Decimal(2), Decimal(2))


@pytest.mark.parametrize(
    ("result", "breaker"),
    [
        (GAIN, Breaker()),
        (Decimal(0), Breaker(losing_run=2, opened_ms=1000)),
        (LOSS, Breaker(losing_run=2, opened_ms=1100)),
    ],
)
def test_first_close_decides_when_the_breaker_is_half_open(
    result: Decimal, breaker: Breaker
) -> None:
    entered = after_entry(TWO_LOSSES, OPENED, now_ms=1100)

    moved = after_close(TWO_LOSSES, entered, result, now_ms=1100)

    assert entered.entered
    assert (moved.breaker, moved.closed) == (breaker, result > 0)


def test_breaker_is_half_open_when_its_cooldown_is_over() -> None:
    phases = [TWO_LOSSES.phase(OPENED, now_ms) for now_ms in (1099, 1100)]

    assert phases == ["open", "half-open"]
    assert half_open_ms(TWO_LOSSES, OPENED) == 1100


def test_wait_of_a_drift_goes_on_when_another_differing_snapshot_comes() -> None:
    first, later = Drift(500, 1, Decimal(7)), Drift(900, 2, Decimal(8))
    one = drift.after_snapshot({}, "X", first, differs=True)
    two = drift.after_snapshot(one, "X", later, differs=True)

    assert two == {"X": Drift(500, 2, Decimal(8))}
    assert (drift.due(two, 499), drift.due(two, 500)) == ([], ["X"])
    assert (drift.next_due_ms(two, 499), drift.next_due_ms(two, 500)) == (500, None)
    assert drift.after_snapshot(two, "X", later, differs=False) == {}


def test_older_snapshot_changes_nothing_when_a_later_one_waits() -> None:
    known = {"X": Drift(500, 2, Decimal(8))}

    assert drift.after_snapshot(known, "X", Drift(0, 1, Decimal(1)), differs=False) is known


@pytest.mark.parametrize(
    ("known_ms", "due_ms", "next_ms"),
    [
        (None, 300, 300),
        (200, 300, 200),  # Earlier and still to come: it stands.
        (300, 200, 200),
        (100, 300, 300),  # Over.
        (200, None, None),
    ],
)
def test_earlier_wake_up_stands_when_prices_grow_newer(
    known_ms: int | None, due_ms: int | None, next_ms: int | None
) -> None:
    assert next_due_ms(known_ms, due_ms, now_ms=100) == next_ms


def test_stop_out_is_forgotten_when_lookback_and_cooldown_are_over() -> None:
    rule = StopoutGuard(stopouts_max=2, lookback_ms=100, cooldown_ms=50)
    before = (("X", 850), ("X", 851))

    assert after_stopout(rule, before, "Y", now_ms=1000) == (("X", 851), ("Y", 1000))


def test_overfill_is_forgotten_when_the_window_is_over() -> None:
    rule = Overfill(overfills_max=2, window_ms=100)

    overfills = after_overfill(rule, (900, 901), now_ms=1000)

    assert overfills == (901, 1000)
    assert (too_many(rule, overfills[1:]), too_many(rule, overfills) is None) == (None, False)


def test_violations_are_counted_by_minute_when_they_come() -> None:
    refused = after_violations(Violations(), ("cash", "cash"), now_ms=60_000)
    breached = after_breach(refused, "daily_loss", level="critical", now_ms=120_000)

    assert breached == Violations(
        {1: {"cash": 2}, 2: {"critical:daily_loss": 1}}, (60_000, 60_000, 120_000), 120_000
    )


def test_rate_is_exceeded_when_the_eleventh_violation_comes_within_an_hour() -> None:
    ten = after_violations(Violations(), ("cash",) * 10, now_ms=60_000)
    eleven = after_violations(ten, ("cash",), now_ms=120_000)

    assert excess(ten, 120_000) is None
    assert excess(eleven, 120_000) == ("violation_rate", Decimal(11), Decimal(10))
