"""What a loop does between batches, and before it searches the end of one that it cannot read."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from pipeline.streams.engine import loop as loop_module
from pipeline.streams.engine.checkpoint import Checkpoints
from pipeline.streams.engine.guarded import GuardedReader
from pipeline.streams.engine.loop import CHUNK_RECORDS, Clients, Hooks, Loop
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.restore import Recovery, Restores
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, SessionLost
from tests.simulation.clients.base import SimulatedMessage

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


def loop_that_notes(
    happened: list[str], *, records: int = 0, full: int = 1000, may_save: bool = True
) -> Loop:
    """Return a loop that notes what it does; full: records of a full batch."""
    settings = EngineSettings(
        brokers="none",
        group="risk",
        instance="risk-0",
        topics=("events",),
        partitions={},
        batch_records=full,
    )
    note = happened.append
    progress = SimpleNamespace(
        positions={PLACE: records},
        guarded=None,
        generation=0,
        apply=lambda messages: note(f"apply {len(list(messages))}"),
        publish=lambda: note("publish"),
    )

    def save_all(_: float, *, beat: Callable[[], None]) -> bool:
        note("save all")
        return may_save

    checkpoints = SimpleNamespace(
        turn=lambda: note("checkpoint"),
        patience_s=lambda seconds_max: seconds_max,
        save_all=save_all,
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
        hooks=Hooks(lambda: note("beat"), lambda: False, lambda: None),
    )


def test_rows_and_checkpoint_go_on_between_chunks_when_there_is_much_to_read() -> None:
    happened: list[str] = []

    loop_that_notes(happened, records=CHUNK_RECORDS + 1).turn()

    between = ["publish", "checkpoint", "beat"]
    first = ["hold", f"apply {CHUNK_RECORDS}", "release"]
    # One goes out at once.
    assert happened == [*first, *between, "apply 1", "release", *between, "release"]


def test_outputs_go_out_together_when_a_full_batch_was_read() -> None:
    happened: list[str] = []
    records = 2 * CHUNK_RECORDS

    loop_that_notes(happened, records=records, full=records).turn()

    chunk = ["hold", f"apply {CHUNK_RECORDS}", "publish", "checkpoint", "beat"]
    assert happened == [*chunk, *chunk, "release"]


def test_rows_and_checkpoint_go_on_when_there_is_nothing_to_read() -> None:
    happened: list[str] = []

    loop_that_notes(happened).turn()

    assert happened == ["release", "publish", "checkpoint"]


def test_what_was_applied_is_saved_before_the_end_of_an_unreadable_batch_is_sought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    def find(*_: object, beat: Callable[[], None]) -> None:
        beat()
        happened.append("search")

    monkeypatch.setattr(loop_module, "find_unreadable", find)
    bad = cast(Message, _Message(5, KafkaError(KafkaError._BAD_COMPRESSION)))

    assert not list(loop_that_notes(happened, records=5)._records([bad]))
    assert happened == ["save all", "beat", "search"]


class _Fenced:
    """A consumer whose group loses it, and that says once that it will read no more."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._unsaid = [_Message(0, KafkaError(KafkaError._FATAL))]

    def consume(self, many: int, seconds: float) -> list[Message]:
        self._progress.generation += 1  # The partitions are lost in the same call.
        said, self._unsaid = self._unsaid, []
        return cast(list[Message], said)

    def poll(self, seconds: float) -> Message | None:
        return next(iter(self.consume(1, seconds)), None)

    def memberid(self) -> str:
        return "one"

    def unsubscribe(self) -> None:
        """Leave the group."""


def fenced(*, guarded: GuardedReader | None = None) -> Loop:
    """Return a loop whose consumer is fenced."""
    loop = loop_that_notes([])
    loop._progress.guarded = guarded
    loop._consumer = consumer = cast(Consumer, _Fenced(loop._progress))
    loop._take = partial(loop_module._consume, consumer)
    return loop


def test_worker_ends_when_it_is_fenced_and_loses_its_partitions_at_once() -> None:
    with pytest.raises(KafkaException, match="_FATAL"):
        fenced().turn()


def test_worker_ends_when_it_is_fenced_while_a_child_reads() -> None:
    with pytest.raises(KafkaException, match="_FATAL"):
        fenced(guarded=cast(GuardedReader, SimpleNamespace())).turn()


def test_worker_ends_with_an_error_when_it_is_fenced_while_it_leaves() -> None:
    with pytest.raises(KafkaException, match="_FATAL"):
        fenced().end()


def test_nothing_is_read_when_a_pause_may_have_brought_other_partitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop_module, "HEAR_SECONDS", 0.0)
    happened: list[str] = []
    loop = loop_that_notes(happened, records=1)
    monkeypatch.setattr(loop, "_turned_s", -1e9)

    loop.turn()
    assert happened == []  # First they are taken over.

    loop.turn()
    assert "apply 1" in happened


def test_worker_ends_when_it_is_fenced_while_it_hears_of_its_group_after_a_pause() -> None:
    loop = fenced()
    loop._turned_s -= 3600

    with pytest.raises(KafkaException, match="_FATAL"):
        loop.turn()


def test_worker_ends_when_it_is_fenced_while_its_state_is_restored() -> None:
    progress = cast(Progress, SimpleNamespace(generation=0))
    restores = Restores(cast(Consumer, _Fenced(progress)))
    recovery = cast(Recovery, SimpleNamespace(recovering=True, partitions={}))
    turns = iter([False, True])
    hooks = Hooks(lambda: None, lambda: next(turns), lambda: None)

    with pytest.raises(KafkaException, match="_FATAL"):
        restores.run(recovery, hooks, progress, look=lambda: None)


def test_records_of_an_assignment_that_is_over_are_not_restored() -> None:
    progress = SimpleNamespace(generation=0)
    taken: list[object] = []
    changelog = SimpleNamespace(recover_from_changelog_message=taken.append)

    def consume(*_: object) -> list[SimulatedMessage]:
        progress.generation += 1  # A rebalance comes in here.
        return [SimulatedMessage("changelog", 0, 3, value=b"{}")]

    restores = Restores(cast(Consumer, SimpleNamespace(consume=consume)))
    partitions = {0: {"changelog": changelog}}
    recovery = cast(Recovery, SimpleNamespace(recovering=True, partitions=partitions))
    turns = iter([False, True])
    hooks = Hooks(lambda: None, lambda: next(turns), lambda: None)

    restores.run(recovery, hooks, cast(Progress, progress), look=lambda: None)

    assert taken == []


def test_group_is_not_left_when_brokers_take_no_commit_in_time() -> None:
    happened: list[str] = []

    loop_that_notes(happened, may_save=False).end()  # Its consumer cannot leave at all.

    assert happened == ["save all"]


def test_nothing_is_applied_once_a_rebalance_has_raised_in_the_poll() -> None:
    happened: list[str] = []
    loop = loop_that_notes(happened, records=3)
    loop._raise_first = _raise_lost

    with pytest.raises(SessionLost, match="the commit hangs"):
        loop.turn()

    assert happened == []


def _raise_lost() -> None:
    raise SessionLost("the commit hangs")
