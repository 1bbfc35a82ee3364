"""When a worker last stopped for a cause that its successor is to show: a metric outlives nobody.

Kept as empty files beside the state; where that folder is lost with the worker, its words in the
log remain.
"""

from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from pipeline.streams.observe import metrics

__all__ = ["Cause", "note_stop", "show_stops"]


class Cause(StrEnum):
    """Why a worker stopped by itself."""

    STALLED = "stalled"  # Its main thread did not come back from a call.
    LOG_CHANGED = "log_changed"  # The log does not have what was read from it.


def note_stop(folder: Path, cause: Cause) -> None:
    """Remember that a worker stops now."""
    with suppress(OSError):  # It stops in any case.
        folder.mkdir(parents=True, exist_ok=True)
        _file(folder, cause).touch()


def show_stops(folder: Path) -> None:
    """Show when this worker's earlier lives stopped; 0 where none did."""
    for cause in Cause:
        stopped_s = 0.0
        with suppress(OSError):
            stopped_s = _file(folder, cause).stat().st_mtime
        metrics.LAST_STOP.labels(cause.value).set(stopped_s)


def _file(folder: Path, cause: Cause) -> Path:
    return folder / f"stopped-{cause.value}"
