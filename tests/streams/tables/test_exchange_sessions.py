"""Sessions of exchanges: half days, holidays, breaks, markets around the clock."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from pipeline.streams.roles.children import python_command
from pipeline.streams.tables import sessions
from pipeline.streams.tables.sessions import check_calendar, prepare, sessions_around
from tests.given import ms
from topics.codec import DecodeError
from topics.events import Session


def session(opened: str, closed: str, *rest: str) -> Session:
    """Return a session of UTC times, with its break if it has one."""
    start_ms, end_ms = (ms(text) for text in rest) if rest else (None, None)
    return Session(
        open_ms=ms(opened), close_ms=ms(closed), break_start_ms=start_ms, break_end_ms=end_ms
    )


# New York is five hours behind UTC in winter, four in summer; Hong Kong is eight hours ahead.
@pytest.mark.parametrize(
    ("calendar", "at", "found"),
    [
        ("XNYS", "2025-11-26T15:00", session("2025-11-26T14:30", "2025-11-26T21:00")),
        ("XNYS", "2025-11-28T15:00", session("2025-11-28T14:30", "2025-11-28T18:00")),  # 13:00.
        ("XNYS", "2025-07-03T15:00", session("2025-07-03T13:30", "2025-07-03T17:00")),
        ("XNYS", "2025-12-31T20:59", session("2025-12-31T14:30", "2025-12-31T21:00")),
        ("NYSE", "2026-01-02T15:00", session("2026-01-02T14:30", "2026-01-02T21:00")),
        ("XHKG", "2025-12-24T03:00", session("2025-12-24T01:30", "2025-12-24T04:00")),
        (
            "XHKG",
            "2025-12-23T03:00",
            session("2025-12-23T01:30", "2025-12-23T08:00", "2025-12-23T04:00", "2025-12-23T05:00"),
        ),
    ],
)
def test_session_is_that_of_the_exchange_when_it_trades(
    calendar: str, at: str, found: Session
) -> None:
    assert sessions_around(calendar, ms(at)) == (found,)


@pytest.mark.parametrize(
    "at",
    [
        "2025-12-25T15:00",  # Christmas.
        "2025-11-27T15:00",  # Thanksgiving.
        "2025-11-29T15:00",  # A Saturday.
        "2025-01-09T15:00",  # A day of mourning, announced ten days before.
        "2025-11-28T20:00",  # After the early close.
    ],
)
def test_there_is_no_session_when_new_york_is_closed(at: str) -> None:
    assert sessions_around("XNYS", ms(at)) == ()


def test_next_session_comes_along_when_it_opens_within_the_hour() -> None:
    opened = session("2025-11-26T14:30", "2025-11-26T21:00")

    assert sessions_around("XNYS", ms("2025-11-26T13:30")) == ()
    assert sessions_around("XNYS", ms("2025-11-26T13:31")) == (opened,)
    assert sessions_around("XNYS", ms("2025-11-26T22:00")) == (opened,)
    assert sessions_around("XNYS", ms("2025-11-26T22:01")) == ()


@pytest.mark.parametrize("at", ["2025-06-15T00:00", "2025-12-31T23:59", "2026-01-01T00:00"])
def test_market_around_the_clock_does_not_close_when_a_day_or_a_year_ends(at: str) -> None:
    (always,) = sessions_around("24/7", ms(at))

    assert always.open_ms < ms(at) - 86_400_000
    assert always.close_ms > ms(at) + 86_400_000


def test_exchange_counts_as_closed_when_its_holidays_are_not_known() -> None:
    prepare("XSHG", ms("2099-01-05T03:00"))

    assert sessions_around("XSHG", ms("2099-01-05T03:00")) == ()


def test_name_is_refused_with_the_nearest_one_when_no_calendar_has_it() -> None:
    with pytest.raises(DecodeError, match=r"exchange calendar, got 'XNYX', did you mean XNYS\?"):
        check_calendar("XNYX")


def test_calendars_are_not_loaded_when_a_role_starts() -> None:
    look = "import sys, pipeline.streams.roles.workers; print('exchange_calendars' in sys.modules)"

    found = subprocess.run(python_command("-c", look), capture_output=True, check=True)

    assert found.stdout == b"False\n"


@pytest.fixture
def without_calendars(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the extra `sessions` be absent."""
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    caches = (sessions._names, sessions._sessions)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("without_calendars")
def test_exchange_counts_as_closed_when_calendars_are_not_installed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check_calendar("XNYS")
    prepare("XNYS", ms("2025-11-26T15:00"))

    assert sessions_around("XNYS", ms("2025-11-26T15:00")) == ()
    assert "XNYS counts as closed and entries there are rejected" in caplog.text
    assert "pip install '.[gate,sessions]'" in caplog.text
