"""Copies of others' partitions: which are written, which are not, and when they are closed."""

import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Message, TopicPartition

from pipeline.streams.engine import standby as standby_module
from pipeline.streams.engine.disk_batch import Changes
from pipeline.streams.engine.partition_store import CHANGELOG
from pipeline.streams.engine.standby import Standby
from pipeline.streams.observer import EngineStatus
from pipeline.streams.role_interface import EngineSettings, Stopped

END = 10  # Of each changelog.
SETTINGS = EngineSettings(
    brokers="none",
    group="risk",
    instance="risk-0",
    topics=("events",),
    partitions={"events": 2},
    standby="next",
)


class Copy:
    """A state on the disk, as far as it was copied."""

    def __init__(self, at: int | None, changelog: bytes | None = b"id") -> None:
        self.at, self.changelog = at, changelog
        self.keys: dict[bytes, bytes | None] = {}
        self.is_closed = False

    def read(self, key: bytes) -> object:
        return self.changelog if key == CHANGELOG else None

    def get_changelog_offset(self) -> int | None:
        return self.at

    def write_changes(self, changes: Changes, *, changelog_offset: int | None) -> None:
        self.keys.update(changes)
        self.at = changelog_offset

    def close(self) -> None:
        self.is_closed = True


class Changelog:
    """A consumer of changelogs, each with a record at every offset up to END."""

    def __init__(self, _: object) -> None:
        self.messages: list[Message] = []

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        return 0, END

    def assign(self, places: Iterable[TopicPartition]) -> None:
        for place in places:
            numbers = range(place.offset, END)
            self.messages += [record(place.partition, offset) for offset in numbers]

    def poll(self, seconds: float) -> Message | None:
        time.sleep(0 if self.messages else min(seconds, 0.01))
        return self.messages.pop(0) if self.messages else None

    def close(self) -> None:
        """Nothing is open."""


def record(partition: int, offset: int) -> Message:
    parts = {"key": b"%d" % offset, "value": b"v", "offset": offset, "partition": partition}
    calls = {name: lambda value=value: value for name, value in parts.items()}
    return cast(Message, SimpleNamespace(**calls, error=lambda: None))


def run(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> EngineStatus:
    """Own partition 0 for a moment, and copy the other."""
    monkeypatch.setattr(standby_module, "Consumer", Changelog)
    monkeypatch.setattr(standby_module, "LAG_SECONDS", 0.0)
    status = EngineStatus()
    standby = Standby(SETTINGS, status)
    standby.open_copy = lambda number, first: {(1, 0): copy}[number, first]
    standby.follow([0], SimpleNamespace(topic_ids=lambda names: dict.fromkeys(names, "id")))
    until_s = time.monotonic() + 5
    while not copy.is_closed and copy.at != END - 1 and time.monotonic() < until_s:
        time.sleep(0.01)
    standby.await_gone(beat=lambda: None)
    return status


def test_copy_goes_on_where_it_ended_when_it_is_of_this_changelog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = Copy(at=6)

    status = run(copy, monkeypatch)

    assert set(copy.keys) == {b"6", b"7", b"8", b"9"}
    assert copy.at == END - 1
    assert copy.is_closed
    assert status.copies == {}  # Nothing is copied any more.


@pytest.mark.parametrize("copy", [Copy(at=3, changelog=b"other"), Copy(at=END)])
def test_copy_is_left_alone_when_it_does_not_fit_the_changelog(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copy.at

    run(copy, monkeypatch)

    assert copy.keys == {}
    assert copy.at == before
    assert copy.is_closed


def test_worker_ends_when_its_copies_are_not_closed_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standby_module, "RELEASE_SECONDS_MAX", -1.0)
    copy = Copy(at=None)
    monkeypatch.setattr(copy, "close", lambda: time.sleep(0.2))

    with pytest.raises(Stopped, match="copies of other partitions were not closed"):
        run(copy, monkeypatch)
