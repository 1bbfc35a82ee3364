"""When an exchange trades: its sessions by the calendar's name, holidays and early closes included.

The only file that knows exchange_calendars, and it asks late: the package is slow to load, and the
process that decides must do without it.
"""

from bisect import bisect_left
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from topics.codec import DecodeError
from topics.events import Session
from topics.text import nearest

__all__ = ["check_calendar", "prepare", "sessions_around"]

AROUND_MS = 3_600_000  # The clock that decides may differ from ours by so much.
MS_NANOS = 1_000_000
MONTH_MS = 31 * 86_400_000
PATH = "$.session"
CALENDARS_MAX = 256  # Calendars and years kept.


def check_calendar(name: str) -> None:
    """Raise DecodeError when there is no calendar of this name."""
    if name not in _names():
        near = nearest(name, _names())
        advice = f", did you mean {near}?" if near else ""
        raise DecodeError(f"Expected the name of an exchange calendar, got {name!r}{advice}", PATH)


def sessions_around(name: str, at_ms: int) -> tuple[Session, ...]:
    """Return the sessions that are open within an hour of a time; none where it is closed."""
    found = _sessions(name, _year(at_ms))
    first = bisect_left(found, at_ms - AROUND_MS, key=lambda session: session.close_ms)
    last = bisect_left(found, at_ms + AROUND_MS, key=lambda session: session.open_ms)
    return found[first:last]


def prepare(name: str, at_ms: int) -> None:
    """Work out a calendar before it is asked for, that of a year about to begin, too."""
    _sessions(name, _year(at_ms))
    _sessions(name, _year(at_ms + MONTH_MS))


@lru_cache(maxsize=CALENDARS_MAX)
def _sessions(name: str, year: int) -> tuple[Session, ...]:
    """Return the sessions of a year and a month on both sides, in order of time.

    One that begins where another ends continues it: around the clock there is no close.
    """
    calendar = _calendar(name, year)
    if calendar is None:
        return ()
    joined: list[Session] = []
    for session in _each(calendar):
        if joined and joined[-1].close_ms == session.open_ms:
            joined[-1] = Session(open_ms=joined[-1].open_ms, close_ms=session.close_ms)
        else:
            joined.append(session)
    return tuple(joined)


def _each(calendar: Any) -> list[Session]:  # The package has no types.
    columns = (
        calendar.opens_nanos,
        calendar.closes_nanos,
        calendar.break_starts_nanos,
        calendar.break_ends_nanos,
    )
    return [
        Session(
            open_ms=int(opened) // MS_NANOS,
            close_ms=int(closed) // MS_NANOS,
            # Without a break it says "not a time", the least there is.
            break_start_ms=int(start) // MS_NANOS if start > 0 else None,
            break_end_ms=int(end) // MS_NANOS if end > 0 else None,
        )
        for opened, closed, start, end in zip(*columns, strict=True)
    ]


def _calendar(name: str, year: int) -> Any | None:
    """Return a calendar; None where its holidays are not known, so it counts as closed."""
    import exchange_calendars

    spans = (
        (f"{year - 1}-12-01", f"{year + 1}-01-31"),
        (f"{year - 1}-12-01", f"{year}-12-31"),  # The next year's holidays are not known yet.
        (f"{year}-01-01", f"{year + 1}-01-31"),
    )
    for start, end in spans:
        try:
            return exchange_calendars.get_calendar(name, start=start, end=end)
        except ValueError:  # Beyond its bounds.
            continue
    return None


@cache
def _names() -> frozenset[str]:
    import exchange_calendars

    return frozenset(exchange_calendars.get_calendar_names())


def _year(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).year
