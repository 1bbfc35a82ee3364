"""The stops of an account as rows of the report: when, which rule, its numbers, who resumed it."""

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.outputs.stops import StopView
from pipeline.outputs.words import figure, timestamp

__all__ = ["STOPS_HEAD", "StopText", "counted", "stop_row"]

STOPS_HEAD = ("stopped", "rule", "measured", "limit", "equity", "flat", "resumed")
UNKNOWN = "-"


class StopText(NamedTuple):
    """One stop: its cells of STOPS_HEAD, and the reasons that people and rules gave."""

    cells: tuple[str, ...]
    why: str


def stop_row(stop: StopView) -> StopText:
    """Return the row of a stop."""
    cells = (
        _at(stop.opened_at_ms),
        stop.rule if stop.author is None else f"{stop.rule} of {stop.author}",
        figure(stop.measured),
        figure(stop.limit),
        figure(stop.equity),
        _at(stop.flat_at_ms),
        _resumed(stop),
    )
    return StopText(cells, _why(stop))


def counted(stops: Iterable[StopView]) -> str:
    """Say how many stops there were, and how many are still open."""
    found = list(stops)
    still = sum(stop.lifted_at_ms is None for stop in found)
    return f"{len(found)}, {still} open" if still else str(len(found))


def _resumed(stop: StopView) -> str:
    if stop.lifted_at_ms is not None:
        return f"{timestamp(stop.lifted_at_ms)} by {stop.lifted_by or 'riskgate'}"
    return "open" if stop.ends_at_ms is None else f"open until {timestamp(stop.ends_at_ms)}"


def _why(stop: StopView) -> str:
    # A log that begins amid the stop does not have its reason.
    opened = stop.reason or "It was open before the first event of this log"
    acts = "; positions are closed" if stop.flattens else ""
    resumed = f". Resumed: {stop.lifted_reason}" if stop.lifted_reason else ""
    return f"{opened}{acts}{resumed}"


def _at(at_ms: int | None) -> str:
    return UNKNOWN if at_ms is None else timestamp(at_ms)
