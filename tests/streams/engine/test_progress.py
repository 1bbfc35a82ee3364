"""What a worker takes from the log, and what it refuses to take."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from pipeline.streams.engine.progress import Progress, clock_ms
from pipeline.streams.role_interface import Record, Role, Stopped
from tests.simulation.clients.base import SimulatedMessage

PLACE = ("events", 0)


@pytest.fixture
def applied() -> list[int]:
    """Return the offsets that the role got."""
    return []


def progress_at(offset: int, applied: list[int]) -> Progress:
    """Return the progress of a worker that reads its partition from an offset on."""

    def apply(record: Record) -> None:
        applied.append(record.offset)

    progress = Progress(cast(Role, SimpleNamespace(apply=apply)), clock_ahead_ms_max=60_000)
    progress.positions[PLACE] = offset
    return progress


def record(offset: int, *, ahead_ms: int = 0) -> SimulatedMessage:
    time = TIMESTAMP_LOG_APPEND_TIME, clock_ms() + ahead_ms
    return SimulatedMessage(*PLACE, offset, value=b"{}", time=time)


def test_records_are_applied_and_the_next_offset_is_known(applied: list[int]) -> None:
    progress = progress_at(5, applied)

    progress.apply([record(5), record(7)])  # Between them stood a marker of a transaction.

    assert (applied, progress.positions) == ([5, 7], {PLACE: 8})


def test_worker_ends_when_kafka_delivers_what_it_has_applied(applied: list[int]) -> None:
    progress = progress_at(5, applied)

    with pytest.raises(Stopped, match="at 4 after 5: the log was cut"):
        progress.apply([record(5), record(4)])

    assert applied == [5]


def test_worker_ends_when_the_brokers_clock_is_far_ahead(applied: list[int]) -> None:
    with pytest.raises(Stopped, match="ahead of this worker's clock"):
        progress_at(5, applied).apply([record(5, ahead_ms=90_000)])

    assert applied == []
