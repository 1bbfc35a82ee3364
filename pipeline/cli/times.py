"""Durations and points in time as an operator types them."""

import re
from datetime import UTC, datetime, time, timedelta

import typer

__all__ = ["duration_ms", "moment_ms", "since_ms"]

UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([1-9]\d{0,6})([smhd])")


def duration_ms(text: str) -> int:
    """Parse 30s, 5m, 2h or 7d. Raise BadParameter for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write for example 30s, 5m or 2h")
    return int(found[1]) * UNIT_MS[found[2]]


def moment_ms(text: str, now_ms: int) -> int:
    """Parse a time, UTC unless it has an offset; 14:03 alone is the most recent 14:03.

    Raise BadParameter for anything else.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    try:
        moment = _moment(text, now)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time; write for example 14:03, 14:03:20 or 2026-11-21T14:03:20Z"
        ) from None
    return round(moment.timestamp() * 1000)


def since_ms(text: str, now_ms: int) -> int:
    """Parse a duration as that long ago, or a time. Raise BadParameter for anything else."""
    if _DURATION.fullmatch(text):
        return now_ms - duration_ms(text)
    return moment_ms(text, now_ms)


def _moment(text: str, now: datetime) -> datetime:
    if "-" not in text:
        today = datetime.combine(now.date(), time.fromisoformat(text), UTC)
        return today if today <= now else today - timedelta(days=1)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
