"""How long a checkpoint of state waits for Kafka, and how it is given up."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.streams.engine import keepers
from pipeline.streams.engine.checkpoint import Barrier, revoke_seconds_max
from pipeline.streams.engine.keepers import SLICE_BYTES, Disk, StateKeeper, sliced
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, Stopped

SETTINGS = EngineSettings(
    brokers="none", group="risk", instance="risk-0", topics=("events",), partitions={}
)
NOTHING_MOVED = Barrier({}, {}, {}, records=0, sent=0, began_s=0.0)


class Kafka:
    """A transactional producer that notes how long each call may take, by a clock of its own."""

    def __init__(self, *, flush_seconds: float = 0.0, error: KafkaError | None = None) -> None:
        self.now_s = 100.0
        self.calls: list[tuple[str, float]] = []
        self._flush_seconds = flush_seconds
        self._error = error

    def begin_transaction(self) -> None:
        """Nothing is asked of the brokers."""

    def flush(self, seconds: float) -> int:
        self.calls.append(("flush", seconds))
        self.now_s += self._flush_seconds
        return 0

    def commit_transaction(
        self, positions: list[TopicPartition], group_metadata: GroupMetadata, timeout: float
    ) -> None:
        self.calls.append(("commit", timeout))

    def abort_transaction(self, timeout: float) -> None:
        self.calls.append(("abort", timeout))
        if self._error is not None:
            raise KafkaException(self._error)


def keeper_of(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> StateKeeper:
    """Return a keeper whose clock is Kafka's."""
    monkeypatch.setattr(keepers, "time", SimpleNamespace(monotonic=lambda: kafka.now_s))
    sender = Sender(transactional=True)
    sender.producer = cast(Producer, kafka)
    keeper = StateKeeper(
        kafka,
        sender,
        consumer=cast(Consumer, SimpleNamespace(consumer_group_metadata=lambda: None)),
        settings=SETTINGS,
        stores={},
        disk=lambda _: cast(Disk, None),
    )
    keeper.take(NOTHING_MOVED)
    return keeper


def test_commit_gets_what_the_flush_left_of_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka(flush_seconds=7.0)

    keeper_of(kafka, monkeypatch).commit(NOTHING_MOVED)

    # Nine tenths of the ten seconds after which the brokers end a transaction.
    assert kafka.calls == [("flush", 9.0), ("commit", 2.0)]


def test_commit_waits_no_more_when_the_flush_took_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = Kafka(flush_seconds=9.5)

    keeper_of(kafka, monkeypatch).commit(NOTHING_MOVED)

    assert kafka.calls == [("flush", 9.0), ("commit", 0.0)]


def test_nothing_is_committed_when_kafka_took_no_state_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = Kafka()
    moved = NOTHING_MOVED._replace(positions={("events", 0): 5})

    with pytest.raises(Stopped, match="took no state of risk-0"):
        keeper_of(kafka, monkeypatch).commit(moved)

    assert [name for name, _ in kafka.calls] == ["flush"]


def test_transaction_is_aborted_in_time_when_its_checkpoint_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = Kafka()

    keeper_of(kafka, monkeypatch).drop(2.0, is_committing=False)

    assert kafka.calls == [("abort", 2.0)]


def test_worker_ends_at_once_when_a_dropped_commit_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = Kafka()
    keeper = keeper_of(kafka, monkeypatch)

    with pytest.raises(Stopped, match="still waits for Kafka"):
        keeper.drop(2.0, is_committing=True)
    keeper.drop(2.0, is_committing=True)  # As the client closes.

    assert kafka.calls == []


def test_abort_is_not_tried_again_when_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = Kafka(error=KafkaError(KafkaError._CONFLICT))
    keeper = keeper_of(kafka, monkeypatch)

    with pytest.raises(KafkaException, match="_CONFLICT"):
        keeper.drop(2.0, is_committing=False)
    keeper.drop(2.0, is_committing=False)

    assert kafka.calls == [("abort", 2.0)]


def test_others_wait_for_a_last_checkpoint_for_less_than_half_of_a_session() -> None:
    slow_brokers = EngineSettings(
        brokers="none",
        group="risk",
        instance="risk-0",
        topics=("events",),
        partitions={},
        session_timeout_ms=45_000,
    )

    assert (revoke_seconds_max(SETTINGS), revoke_seconds_max(slow_brokers)) == (2.4, 4.0)


@pytest.mark.parametrize(
    ("sizes", "slices"),
    [
        ([1, 1, 1, 1, 1], [3, 2]),
        ([SLICE_BYTES - 1, 1, 1], [2, 1]),
        ([SLICE_BYTES, SLICE_BYTES + 1, 1], [1, 1, 1]),
        ([], []),
    ],
)
def test_slice_ends_when_it_has_enough_keys_or_bytes(sizes: list[int], slices: list[int]) -> None:
    changes = [(b"%d" % number, b"x" * size) for number, size in enumerate(sizes)]

    found = list(sliced(changes, 3))

    assert [len(each) for each in found] == slices
    assert [change for each in found for change in each] == changes
