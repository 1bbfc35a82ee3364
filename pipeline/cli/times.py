"""Durations and points in time as an operator types them."""

from datetime import UTC, datetime, time, timedelta

import typer

from pipeline.outputs.durations import milliseconds

__all__ = ["duration_ms", "moment_ms", "since_ms"]


def duration_ms(text: str) -> int:
    """Parse 30s, 5m, 2h or 7d. Raise BadParameter for anything else."""
    found = milliseconds(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write for example 30s, 5m or 2h")
    return found


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
    if (duration := milliseconds(text)) is not None:
        return now_ms - duration
    try:
        return moment_ms(text, now_ms)
    except typer.BadParameter:
        raise typer.BadParameter(
            f"{text!r} is neither a duration nor a time; write for example 24h, 14:03 or "
            "2026-11-21T14:03:20Z"
        ) from None


def _moment(text: str, now: datetime) -> datetime:
    if "-" not in text:
        today = datetime.combine(now.date(), time.fromisoformat(text), UTC)
        return today if today <= now else today - timedelta(days=1)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
