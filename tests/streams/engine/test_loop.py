"""What a loop does between batches, and before it searches the end of one that it cannot read."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, Message

from pipeline.streams.engine import loop
from pipeline.streams.engine.checkpoint import Checkpoints
from pipeline.streams.engine.loop import CHUNK_RECORDS, Clients, Hooks, Loop
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings

PLACE = ("events", 0)


class _Message:
    def __init__(self, offset: int, error: KafkaError | None = None) -> None:
        self.offset = lambda: offset
        self.error = lambda: error

    def __getattr__(self, name: str) -> object:
        told = {"topic": "events", "partition": 0}
        return lambda: told.get(name)


class _Consumer:
    """A log of so many records, read in one batch."""

    def __init__(self, records: int) -> None:
        self._unread = [cast(Message, _Message(offset)) for offset in range(records)]

    def consume(self, many: int, seconds: float) -> list[Message]:
        batch, self._unread = self._unread, []
        return batch

    def poll(self, seconds: float) -> None:
        """Nothing more comes."""


def loop_that_notes(happened: list[str], *, records: int = 0) -> Loop:
    """Return a loop that notes what it does."""
    settings = EngineSettings(
        brokers="none", group="risk", instance="risk-0", topics=("events",), partitions={}
    )
    note = happened.append
    progress = SimpleNamespace(
        positions={PLACE: records},
        guarded=None,
        generation=0,
        apply=lambda messages: note(f"apply {len(list(messages))}"),
        publish=lambda: note("publish"),
    )
    checkpoints = SimpleNamespace(
        turn=lambda: note("checkpoint"),
        patience_s=lambda seconds_max: seconds_max,
        save_all=lambda seconds, *, beat: note("save all"),
    )
    clients = Clients(
        cast(Consumer, _Consumer(records)),
        cast(
            Sender,
            SimpleNamespace(
                producer=SimpleNamespace(poll=lambda seconds: 0),
                hold=lambda: note("hold"),
                release=lambda: note("release"),
            ),
        ),
    )
    return Loop(
        clients,
        settings,
        progress=cast(Progress, progress),
        checkpoints=cast(Checkpoints, checkpoints),
        hooks=Hooks(lambda: note("beat"), lambda: False),
    )


def test_rows_and_checkpoint_go_on_between_chunks_when_there_is_much_to_read() -> None:
    happened: list[str] = []

    loop_that_notes(happened, records=CHUNK_RECORDS + 1).turn()

    between = ["publish", "checkpoint", "beat"]
    first = ["hold", f"apply {CHUNK_RECORDS}", "release"]
    assert happened == [*first, *between, "apply 1", "release", *between]  # One goes out at once.


def test_rows_and_checkpoint_go_on_when_there_is_nothing_to_read() -> None:
    happened: list[str] = []

    loop_that_notes(happened).turn()

    assert happened == ["publish", "checkpoint"]


def test_what_was_applied_is_saved_before_the_end_of_an_unreadable_batch_is_sought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    def find(*_: object, beat: Callable[[], None]) -> None:
        beat()
        happened.append("search")

    monkeypatch.setattr(loop, "find_unreadable", find)
    bad = cast(Message, _Message(5, KafkaError(KafkaError._BAD_COMPRESSION)))

    assert not loop_that_notes(happened, records=5)._is_record(bad)
    assert happened == ["save all", "beat", "search"]
