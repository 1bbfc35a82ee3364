"""The trading sessions of exchanges, including holidays and early closes.

The only file that imports exchange_calendars. It does so inside functions because the package is
slow to load, the risk role does not need it, and the extra `sessions` may be absent: then every
exchange counts as closed.
"""

import logging
from bisect import bisect_left
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from topics.codec import DecodeError
from topics.events import Session
from topics.text import nearest

__all__ = ["check_calendar", "prepare", "sessions_around"]

logger = logging.getLogger(__name__)

AROUND_MS = 3_600_000  # How far the broker's clock, which decides, may differ from ours.
MS_NANOS = 1_000_000
MONTH_MS = 31 * 86_400_000
PATH = "$.session"
CALENDARS_MAX = 256  # Pairs of calendar and year in the cache.


def check_calendar(name: str) -> None:
    """Raise DecodeError if no calendar has this name; without calendars, any name may be one."""
    names = _names()
    if names and name not in names:
        near = nearest(name, names)
        advice = f", did you mean {near}?" if near else ""
        raise DecodeError(f"Expected the name of an exchange calendar, got {name!r}{advice}", PATH)


def sessions_around(name: str, at_ms: int) -> tuple[Session, ...]:
    """Return the sessions that are open within an hour of a time."""
    found = _sessions(name, _year(at_ms))
    first = bisect_left(found, at_ms - AROUND_MS, key=lambda session: session.close_ms)
    last = bisect_left(found, at_ms + AROUND_MS, key=lambda session: session.open_ms)
    return found[first:last]


def prepare(name: str, at_ms: int) -> None:
    """Load a calendar before it is needed, also for a year about to begin."""
    _sessions(name, _year(at_ms))
    _sessions(name, _year(at_ms + MONTH_MS))


@lru_cache(maxsize=CALENDARS_MAX)
def _sessions(name: str, year: int) -> tuple[Session, ...]:
    """Return the sessions of a year plus a month on both sides, in order of time.

    Sessions without a gap between them are joined: a market around the clock never closes.
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
            # Without a break the value is "not a time", the smallest integer.
            break_start_ms=int(start) // MS_NANOS if start > 0 else None,
            break_end_ms=int(end) // MS_NANOS if end > 0 else None,
        )
        for opened, closed, start, end in zip(*columns, strict=True)
    ]


def _calendar(name: str, year: int) -> Any | None:
    """Return a calendar; None if its holidays are unknown, and then it counts as closed."""
    try:
        import exchange_calendars
    except ImportError as error:
        logger.error(  # noqa: TRY400 - The sentence says it all.
            "exchange calendars are not installed (%s), so %s counts as closed and entries there "
            "are rejected; install riskgate with its extra sessions, in a clone with: "
            "pip install '.[gate,sessions]'",
            error,
            name,
        )
        return None
    spans = (
        (f"{year - 1}-12-01", f"{year + 1}-01-31"),
        (f"{year - 1}-12-01", f"{year}-12-31"),  # Next year's holidays may not be published yet.
        (f"{year}-01-01", f"{year + 1}-01-31"),
    )
    for start, end in spans:
        try:
            return exchange_calendars.get_calendar(name, start=start, end=end)
        except ValueError:  # Outside the calendar's bounds.
            continue
    return None


@cache
def _names() -> frozenset[str]:
    """Return the names of all calendars, none if they are not installed."""
    try:
        import exchange_calendars
    except ImportError:
        return frozenset()
    return frozenset(exchange_calendars.get_calendar_names())


def _year(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).year
