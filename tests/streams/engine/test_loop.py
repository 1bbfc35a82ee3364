"""When a worker commits: soon while it keeps up, seldom while it catches up."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.engine import loop
from pipeline.streams.engine.loop import BACKLOG_RECORDS, MARKERS_SECONDS, Clients, Hooks, Loop
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.role_interface import EngineSettings, Partition, Record

PLACE = ("events", 0)


class World:
    """A log of so many records, 1024 of which take a second."""

    def __init__(self, end: int) -> None:
        self.now_s = 0.0
        self.read = 0
        self.end = end

    def assign(self, partition: Partition, store: object) -> None:
        """Take the partition."""

    def apply(self, record: Record) -> None:
        """Take its time."""
        self.now_s += 1 / 1024  # Adds up without a rest.

    def consume(self, many: int, timeout_s: float) -> list[Message]:
        """Read on."""
        first, self.read = self.read, min(self.read + many, self.end)
        return [cast(Message, _Message(offset)) for offset in range(first, self.read)]

    def poll(self, timeout_s: float) -> None:
        """Wait for more in vain."""
        self.now_s += timeout_s

    def get_watermark_offsets(self, place: TopicPartition, *, cached: bool) -> tuple[int, int]:
        """Know where the log ends."""
        return 0, self.end


class _Message:
    def __init__(self, offset: int, error: KafkaError | None = None) -> None:
        self.offset = lambda: offset
        self.error = lambda: error

    def __getattr__(self, name: str) -> object:
        told = {"topic": "events", "partition": 0, "timestamp": (TIMESTAMP_LOG_APPEND_TIME, 0)}
        return lambda: told.get(name)


def commits(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    transaction_ms: int = 10_000,
    when_idle: bool = True,
) -> list[int]:
    """Read the log to its end and return how many records each commit had."""
    monkeypatch.setattr(
        loop, "time", SimpleNamespace(monotonic=lambda: world.now_s, sleep=world.poll)
    )
    settings = EngineSettings(
        brokers="none",
        group="risk",
        instance="risk-0",
        topics=("events",),
        partitions={"events": 1},
        transaction_timeout_ms=transaction_ms,
        commits_when_idle=when_idle,
    )
    progress = Progress(world, clock_ahead_ms_max=60_000)  # type: ignore[arg-type]
    progress.expect({PLACE: Start(*PLACE, None, Bounds(0, world.end))}, settings, stateful=True)
    progress.begin(Partition(*PLACE, "id"), None, position=0)
    counts: list[int] = []

    def commit() -> None:
        counts.append(progress.records)
        progress.commit()

    clients = Clients(cast(Consumer, world), cast(Producer, world))
    hooks = Hooks(commit, lambda: None, lambda: False)
    turns = Loop(clients, settings, progress=progress, hooks=hooks)
    while sum(counts) < world.end:
        turns.turn()
    return counts


def test_commits_come_every_interval_when_the_worker_keeps_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(300)

    counts = commits(world, monkeypatch)

    assert counts == [120, 120, 60]


def test_commits_come_every_second_when_the_worker_is_far_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(BACKLOG_RECORDS + 2000)

    counts = commits(world, monkeypatch)

    # The second one looks 1,160 records on, at 840 above the backlog; the third at 200 below it.
    assert counts[:4] == [1040, 1040, 120, 120]
    assert sum(counts) == BACKLOG_RECORDS + 2000


def test_commits_stay_within_a_third_of_the_transaction_when_it_may_not_last_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(BACKLOG_RECORDS + 2000)

    counts = commits(world, monkeypatch, transaction_ms=900)

    assert counts[:3] == [320, 320, 320]


def test_commit_comes_at_once_when_nothing_more_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(64)

    counts = commits(world, monkeypatch)

    assert counts == [64]
    assert world.now_s == 64 / 1024 + MARKERS_SECONDS


def test_commit_waits_for_its_interval_when_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(64)

    counts = commits(world, monkeypatch, when_idle=False)

    assert counts == [64]
    assert world.now_s == pytest.approx(0.1)  # commit_interval_ms after the first record.


def loop_that_notes(happened: list[str]) -> Loop:
    """Return a loop that has applied five records, and notes its commits and beats."""
    settings = EngineSettings(
        brokers="none", group="risk", instance="risk-0", topics=("events",), partitions={}
    )
    clients = Clients(cast(Consumer, None), cast(Producer, None))
    progress = cast(Progress, SimpleNamespace(positions={PLACE: 5}, records=5))
    note = happened.append
    hooks = Hooks(lambda: note("commit"), lambda: note("beat"), lambda: False)
    return Loop(clients, settings, progress=progress, hooks=hooks)


def test_what_was_applied_is_committed_before_the_end_of_an_unreadable_batch_is_sought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    def find(*_: object, beat: Callable[[], None]) -> None:
        beat()
        happened.append("search")

    monkeypatch.setattr(loop, "find_unreadable", find)
    bad = cast(Message, _Message(5, KafkaError(KafkaError._BAD_COMPRESSION)))

    assert not loop_that_notes(happened)._is_record(bad)
    assert happened == ["commit", "beat", "search"]
