"""What a checkpoint holds, in which order it is saved, and what goes on meanwhile."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import KafkaError, Producer

from pipeline.streams.engine import checkpoint, sender
from pipeline.streams.engine.checkpoint import Barrier, Checkpoints, Keeper
from pipeline.streams.engine.partition_store import APPLIED, PartitionStore
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, Observer, Place, Stopped
from tests.streams.fakes import delivered

PLACE: Place = ("events", 0)


class Delivering:
    """A producer whose broker has each message at once."""

    def produce(self, topic: str, *message: object) -> None:
        report = message[-1]
        assert callable(report)
        report(None, delivered(topic))

    def poll(self, _: float) -> int:
        return 0


class Slow:
    """A producer whose brokers have the messages of a partition when a test says so."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Callable[[None, object], None]]] = []

    def produce(
        self, topic: str, value: bytes, key: bytes, partition: int, *report: object
    ) -> None:
        (note,) = report
        assert callable(note)
        self._waiting.append((partition, note))

    def deliver(self, partition: int) -> None:
        """Have what waits for one partition."""
        for number, note in self._waiting:
            if number == partition:
                note(None, delivered(partition=partition))
        self._waiting = [each for each in self._waiting if each[0] != partition]

    def poll(self, _: float) -> int:
        return 0


class World:
    """A progress, a sender and a keeper that note what is asked of them."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.position = 5
        self.committed: list[dict[Place, int]] = []
        self.records = 0  # Since the barrier.
        self.dropped: list[int] = []
        self.may_commit = threading.Event()
        self.may_commit.set()
        self.sender = Sender()
        self.sender.producer = cast(Producer, SimpleNamespace(poll=lambda _: 0))
        settings = EngineSettings(
            brokers="none",
            group="risk",
            instance="risk-0",
            topics=("events",),
            partitions={},
            checkpoint_interval_ms=0,
        )
        self.checkpoints = Checkpoints(
            cast(Keeper, self),
            self.sender,
            progress=cast(Progress, self),
            observer=cast(
                Observer,
                SimpleNamespace(dropped=self.dropped.append, committed=lambda *_: None),
            ),
            settings=settings,
        )

    def sends(self, topic: str, partition: int) -> Slow:
        """Send a message that Kafka does not have yet."""
        producer = Slow()
        self.sender.producer = cast(Producer, producer)
        self.sender.take(topic, key=b"a", value=b"{}", partition=partition)
        return producer

    def has_more(self) -> bool:
        return not self.committed

    def prepare(self) -> Iterator[None]:
        role = iter(["barrier", None])
        self.happened.append(next(role) or "")
        return cast(Iterator[None], role)

    def take(self, *barrier: Barrier) -> object:
        if barrier:
            self.happened.append("take")
            return None
        return {PLACE: self.position}, {PLACE: None}, 5

    def commit(self, wanted: Barrier | dict[Place, int]) -> None:
        if isinstance(wanted, Barrier):
            self.may_commit.wait(10)
            self.happened.append("commit")
        else:
            self.committed.append(wanted)

    def write(self, barrier: Barrier, role: Iterator[None]) -> Iterator[None]:
        self.happened.append("write")
        yield from role

    def keep(self, barrier: Barrier) -> Iterator[None]:
        self.happened.append("keep")
        yield

    def drop(self, seconds_max: float, *, is_committing: bool) -> None:
        self.happened.append("drop while it commits" if is_committing else "drop")

    def save_all(self) -> bool:
        return self.checkpoints.save_all(5, beat=lambda: None)


def test_steps_come_in_order_when_a_checkpoint_is_saved() -> None:
    world = World()

    assert world.save_all()

    assert world.happened == ["barrier", "take", "write", "commit", "keep"]
    assert world.committed == [{PLACE: 5}]


def test_nothing_is_written_while_an_output_is_not_delivered() -> None:
    world = World()
    producer = world.sends("decisions", 0)

    world.checkpoints.turn()
    assert world.happened == ["barrier", "take"]

    producer.deliver(0)
    assert world.save_all()
    assert world.committed == [{PLACE: 5}]


def test_later_deliveries_elsewhere_do_not_stand_for_one_that_is_missing() -> None:
    world = World()
    producer = world.sends("decisions", 0)
    world.checkpoints.turn()

    for _ in range(3):  # Behind the barrier, to a partition whose leader answers.
        world.sender.take("decisions", key=b"b", value=b"{}", partition=1)
    producer.deliver(1)
    world.checkpoints.turn()
    assert "write" not in world.happened

    producer.deliver(0)
    assert world.save_all()


def test_held_outputs_go_out_when_a_checkpoint_waits_for_them() -> None:
    world = World()
    world.sender.producer = cast(Producer, Delivering())
    world.sender.hold()
    world.sender.take("decisions", key=b"a", value=b"{}", partition=0)

    assert world.save_all()

    assert world.committed == [{PLACE: 5}]


def test_held_outputs_are_dropped_when_the_partitions_are_lost() -> None:
    world = World()
    world.sender.hold()
    world.sender.take("decisions", key=b"a", value=b"{}", partition=0)

    world.checkpoints.drop(1.0, beat=lambda: None)
    world.sender.release()  # Would fail: this producer takes no message.

    assert world.save_all()


def test_positions_of_the_barrier_are_committed_when_work_went_on_meanwhile() -> None:
    world = World()
    world.may_commit.clear()
    world.checkpoints.turn()
    world.position = 9

    world.may_commit.set()
    assert world.save_all()

    assert world.committed == [{PLACE: 5}]


def test_turn_does_not_wait_for_a_commit_that_lasts() -> None:
    world = World()
    world.may_commit.clear()

    for _ in range(20):
        world.checkpoints.turn()

    assert "keep" not in world.happened
    world.may_commit.set()
    assert world.save_all()


def test_worker_ends_when_kafka_refuses_an_output() -> None:
    world = World()
    world.sender.deliveries.refusal = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "too large")

    with pytest.raises(Stopped, match="too large"):
        world.checkpoints.turn()

    assert world.happened == []


def test_worker_ends_when_kafka_never_takes_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.sends("decisions", 0)
    monkeypatch.setattr(sender, "DELIVERY_SECONDS_MAX", -1.0)

    with pytest.raises(Stopped, match="did not acknowledge"):
        world.checkpoints.turn()


def test_worker_says_that_it_lives_while_it_gives_up_a_commit_that_hangs() -> None:
    world = World()
    world.may_commit.clear()
    while "write" not in world.happened:
        world.checkpoints.turn()
    beats: list[None] = []

    world.checkpoints.drop(1.2, beat=lambda: beats.append(None))
    world.may_commit.set()

    assert len(beats) >= 2
    assert world.happened[-1] == "drop while it commits"


def test_dropped_checkpoint_tells_its_records_and_commits_nothing() -> None:
    world = World()
    world.sends("decisions", 0)
    world.checkpoints.turn()

    world.records = 2
    world.checkpoints.drop(1.0, beat=lambda: None)

    assert world.dropped == [7]
    assert world.happened == ["barrier", "take", "drop"]
    assert world.committed == []


def test_error_of_a_commit_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(world, "commit", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        world.save_all()


def test_worker_ends_when_a_commit_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(checkpoint, "COMMIT_SECONDS_MAX", -1.0)
    world.may_commit.clear()

    with pytest.raises(Stopped, match="hung in Kafka's client"):
        world.save_all()

    world.may_commit.set()
    assert world.committed == []


def test_keeper_hears_that_the_commit_goes_on_when_its_checkpoint_is_dropped() -> None:
    world = World()
    world.may_commit.clear()
    world.checkpoints.turn()

    world.checkpoints.drop(0.01, beat=lambda: None)

    assert world.dropped == [5]
    assert world.happened == ["barrier", "take", "write", "drop while it commits"]
    world.may_commit.set()


def store_of(disk: dict[bytes, bytes]) -> PartitionStore:
    return PartitionStore(disk.get, changelog_id="id")


def test_store_saves_what_was_written_before_the_barrier_alone() -> None:
    store = store_of({})
    store.set(b"a", b"1")
    store.freeze()
    store.set(b"a", b"2")
    store.save(b"b", b"saved")

    changes = dict(store.changes(7, mark=None, outputs={"decisions": 3}))

    assert changes == {
        b"s|a": b"1",
        b"s|b": b"saved",
        b"changelog": b"id",
        b"outputs": b'{"decisions":3}',
        b"applied": b"7",
    }
    assert list(changes)[-1] == APPLIED
    assert (store.get(b"a"), store.get(b"b")) == (b"2", b"saved")


def test_store_reads_the_newest_layer_when_a_key_is_deleted_meanwhile() -> None:
    store = store_of({b"s|a": b"0", b"changelog": b"id"})
    store.freeze()
    store.delete(b"a")

    assert store.get(b"a") is None
    assert dict(store.changes(8, mark="m", outputs={})) == {
        b"last": b"m",
        b"outputs": b"{}",
        b"applied": b"8",
    }


def test_store_keeps_where_outputs_begin_of_topics_without_news() -> None:
    store = store_of({b"outputs": b'{"alerts":2,"decisions":3}', b"changelog": b"id"})
    store.freeze()

    changes = dict(store.changes(8, mark=None, outputs={"decisions": 9}))

    assert changes[b"outputs"] == b'{"alerts":2,"decisions":9}'


def test_value_of_a_partition_that_did_not_move_waits_for_the_next_barrier() -> None:
    store = store_of({b"changelog": b"id"})
    store.save(b"d", b"late")
    store.freeze()

    changes = dict(store.changes(8, mark=None, outputs={}))
    store.thaw()

    assert changes[b"s|d"] == b"late"
    assert store.get(b"d") is None  # It is on the disk, which this test has not.


def test_store_reads_from_the_disk_when_it_let_go_of_what_is_there() -> None:
    disk: dict[bytes, bytes] = {}
    store = store_of(disk)
    store.set(b"one", b"1")
    store.set(b"two", b"2")
    store.freeze()
    first, *_ = changes = list(store.changes(7, mark=None, outputs={}))

    disk.update({key: value for key, value in [first] if value is not None})
    store.forget([first[0]])

    assert (store.get(b"one"), store.get(b"two"), len(changes)) == (b"1", b"2", 5)
    assert disk == {b"s|one": b"1"}
