"""What a worker stopped for is shown by its successor, as long as the folder is the same."""

import time
from pathlib import Path

from pipeline.streams.engine.last_stops import Cause, note_stop, show_stops
from pipeline.streams.observe import metrics

NAME = "riskgate_last_stop_timestamp_seconds"


def test_the_last_stop_is_shown_when_there_was_one(tmp_path: Path) -> None:
    note_stop(tmp_path / "state", Cause.STALLED)

    show_stops(tmp_path / "state")

    assert abs(metrics.value(NAME, cause="stalled") - time.time()) < 5
    assert metrics.value(NAME, cause="log_changed") == 0


def test_no_stop_is_shown_when_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    note_stop(tmp_path / "state", Cause.STALLED)
    show_stops(tmp_path / "state")

    assert metrics.value(NAME, cause="stalled") == 0
