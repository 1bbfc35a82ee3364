"""Stops as rows of a table."""

from pipeline.cli.tables import Column
from pipeline.outputs.stops import StopView, progress
from pipeline.outputs.words import age, clock, figure

__all__ = ["STOP_COLUMNS", "stop_cells"]

STOP_COLUMNS = (
    Column("stop"),
    Column("account", rank=6),  # Most stops name it in their id.
    Column("rule"),
    Column("measured", right=True, rank=2),
    Column("limit", right=True, rank=3),
    Column("age", right=True),
    Column("until", right=True, rank=1),
    Column("progress", rank=1),
    Column("acknowledged by", rank=4),
    Column("lifted by", rank=4),
    Column("reason", rank=5, folds=True),
)


def stop_cells(stop: StopView, now_ms: int) -> tuple[str, ...]:
    """Return the cells of STOP_COLUMNS."""
    return (
        stop.stop_id,
        stop.account_id,
        stop.rule if stop.author is None else f"{stop.rule} of {stop.author}",
        figure(stop.measured),
        figure(stop.limit),
        "-" if stop.opened_at_ms is None else age(now_ms - stop.opened_at_ms),
        _until(stop, now_ms),
        progress(stop),
        stop.acknowledged_by or "",
        _lifted_by(stop),
        stop.reason,
    )


def _until(stop: StopView, now_ms: int) -> str:
    """Say when an open stop ends; most end with a resume."""
    if not stop.is_open:
        return ""
    return "resume" if stop.ends_at_ms is None else clock(stop.ends_at_ms, now_ms)


def _lifted_by(stop: StopView) -> str:
    if stop.is_open or stop.lifted_at_ms is None:
        return ""
    return stop.lifted_by or "riskgate"
