"""Stops are put together from their rows, and the accounts say which are open."""

from decimal import Decimal

import pytest

from pipeline.cli.stop_text import stop_cells
from pipeline.outputs.record import Output
from pipeline.outputs.stops import (
    StopView,
    acknowledge,
    acknowledgements,
    progress,
    stop_rows,
    stops_of,
)
from tests import given
from tests.outputs.recorded import of_topic, outputs, rows_of
from topics.codec import encode
from topics.controls import Control

# A loss of 3 %: 1000 bought at 100 of 100,000 and marked at 97.
HISTORY = (
    given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02")),
    given.instrument(),
    given.price(100),
    given.account(),
    given.fill("buy", 1000, 100),
    given.price(97),
    given.price(97),
    given.price(97),
)
STOP = StopView(stop_id="a:1:1", account_id="a", is_open=True)


def found(*messages: object) -> list[StopView]:
    made = outputs(*messages)  # type: ignore[arg-type]
    return stops_of(stop_rows(of_topic(made, "emergency_stops")), rows_of(made))


def test_stop_carries_its_numbers_when_a_loss_opened_it() -> None:
    (stop,) = found(*HISTORY)

    assert (stop.rule, stop.measured, stop.limit) == ("daily_loss", Decimal(3000), Decimal(2000))
    assert (stop.is_open, stop.flattens, stop.author) == (True, True, None)
    assert (stop.positions_at_opening, stop.positions_left) == (1, 1)
    assert progress(stop) == "1 position left, 1 exit working"


def test_stop_says_when_it_ends_when_it_lifts_itself() -> None:
    (stop,) = found(given.account(), given.control("halt", duration_ms=60_000))

    assert stop.ends_at_ms == given.T0_MS + 1000 + 60_000
    assert stop_cells(stop, given.T0_MS)[6] == "00:01:01"


def test_stop_names_who_lifted_it_when_it_was_resumed() -> None:
    halt = found(given.account(), given.control("halt"))[0]
    resume = given.control("resume", control_id="2", stop_id=halt.stop_id)

    (stop,) = found(given.account(), given.control("halt"), resume)

    assert (stop.author, stop.reason) == ("risk-desk", "a test")
    assert (stop.is_open, stop.lifted_by, stop.lifted_reason) == (False, "risk-desk", "a test")
    assert stop.lifted_at_ms == given.T0_MS + 2000
    assert progress(stop) == "lifted"


def test_newest_stop_comes_first_when_an_account_has_two() -> None:
    stops = found(given.account(), given.control("reduce"), given.control("halt", control_id="2"))

    assert [stop.opened_at_ms for stop in stops] == [given.T0_MS + 2000, given.T0_MS + 1000]


def test_stop_is_open_when_only_the_account_still_names_it() -> None:
    made = outputs(given.account(), given.control("halt"))

    (stop,) = stops_of([], rows_of(made))

    assert (stop.is_open, stop.status, stop.opened_at_ms) == (True, "unknown", None)
    assert progress(stop) == "flat"


def test_progress_says_that_nothing_is_closed_when_a_stop_only_reduces() -> None:
    stop = StopView(stop_id="a:1:1", account_id="a", positions_left=2, is_open=True)

    assert progress(stop) == "2 positions left, not closed by this stop"


def acknowledged(control: Control, at_ms: int) -> StopView:
    """Return a stop that was open from 1,000 to 3,000 ms, after a control of some time."""
    stop = StopView(stop_id="a:1:1", account_id="a", opened_at_ms=1000, lifted_at_ms=3000)
    written = Output("controls", 0, 0, at_ms, "a", 0, encode(control))
    garbage = Output("controls", 0, 1, at_ms, "a", 0, b"{")
    misplaced = written._replace(offset=2, account_id="b", at_ms=at_ms + 1)  # Under a wrong key.
    acknowledge([stop], acknowledgements([written, garbage, misplaced]))
    return stop


def test_stop_says_who_looks_at_it_when_it_was_acknowledged() -> None:
    seen = given.control("acknowledge", account_id="a", stop_id="a:1:1")

    stop = acknowledged(seen, 2000)

    assert (stop.acknowledged_by, stop.acknowledged_at_ms) == ("risk-desk", 2000)
    assert stop.acknowledged_reason == "a test"
    assert stop_cells(stop, 2000)[8] == "risk-desk"


@pytest.mark.parametrize(
    ("control", "at_ms"),
    [
        (given.control("acknowledge", account_id="a", stop_id="a:1:2"), 2000),
        (given.control("acknowledge", account_id="b", stop_id="a:1:1"), 2000),
        (given.control("acknowledge", account_id="a", stop_id="a:1:1"), 999),
        (given.control("acknowledge", account_id="a", stop_id="a:1:1"), 3001),
        (given.control("acknowledge", account_id="a", stop_id="a:1:1", expires_at_ms=2000), 2000),
        (given.control("resume", account_id="a", stop_id="a:1:1"), 2000),
    ],
)
def test_nobody_looks_when_it_is_another_stop_or_time(control: Control, at_ms: int) -> None:
    assert acknowledged(control, at_ms).acknowledged_by is None


def test_progress_is_unknown_when_no_row_tells() -> None:
    assert progress(STOP) == "unknown"
