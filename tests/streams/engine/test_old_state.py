"""A disk is old from half of the time on that its changelog keeps deletions."""

import time

import pytest

from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.old_state import is_old
from pipeline.streams.engine.partition_store import APPLIED, LAST

NOW_MS = 1_800_000_000_000
RETENTION_MS = 1000


def disk(age_ms: int) -> dict[bytes, object]:
    """Return a state whose last record was appended so long ago."""
    mark = Mark(offset=6, timestamp_ms=NOW_MS - age_ms, digest="d", leader_epoch=0).encode("topic")
    return {APPLIED: b"7", LAST: mark.encode()}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)


def test_a_disk_is_old_when_half_of_the_retention_is_over() -> None:
    ages_ms = (0, 500, 501)

    old = [is_old(disk(age_ms).get, delete_retention_ms=RETENTION_MS) for age_ms in ages_ms]

    assert old == [False, False, True]


def test_a_disk_is_old_when_nobody_noted_its_age() -> None:
    assert is_old({APPLIED: b"7"}.get, delete_retention_ms=RETENTION_MS)


def test_a_disk_is_not_old_when_it_is_empty() -> None:
    assert not is_old(lambda _: None, delete_retention_ms=RETENTION_MS)
