"""Stops are put together from their rows, and the accounts say which are open."""

from decimal import Decimal

from pipeline.outputs.stops import StopView, progress, stop_rows, stops_of
from tests import given
from tests.outputs.recorded import of_topic, outputs, rows_of

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


def test_progress_is_unknown_when_no_row_tells() -> None:
    assert progress(STOP) == "unknown"
