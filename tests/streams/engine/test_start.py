"""A worker begins only where the state it has belongs to the log it reads."""

from typing import cast

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.role_interface import EngineSettings, Stopped

SETTINGS = EngineSettings(
    brokers="127.0.0.1:1", group="g", instance="i", topics=("events",), partitions={"events": 1}
)


class Empty:
    """A store that nothing was ever applied to."""

    def applied(self) -> int | None:
        return None


def refusal(low: int) -> str | None:
    """Begin for the first time in a log that goes from `low`; return what was said against it."""
    start = Start("events", 0, None, Bounds(low, 100))
    try:
        start.begin_at(cast(PartitionStore, Empty()), SETTINGS, has_history=False)
    except Stopped as stopped:
        return str(stopped)
    return None


def test_first_start_is_refused_when_the_log_has_lost_its_beginning() -> None:
    assert "no longer begins at 0 but at 1:" in (refusal(1) or "")


def test_first_start_is_allowed_when_the_log_has_its_beginning() -> None:
    assert refusal(0) is None
