"""Outputs that Kafka does not take show whether a checkpoint waits for them."""

import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Producer

from bench.failpoints import _PLACES, Fault, Strike, withhold
from pipeline.streams.engine.checkpoint import Barrier, Checkpoints, Keeper
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, Observer, Place
from tests.streams.fakes import delivered

EVENTS: Place = ("events", 0)
SETTINGS = EngineSettings(
    brokers="none",
    group="risk",
    instance="r0",
    topics=("events",),
    partitions={},
    checkpoint_interval_ms=0,
)


class Broker:
    """What Kafka has: outputs and checkpoints."""

    def __init__(self) -> None:
        self.outputs: list[str] = []
        self.commits = 0

    def produce(self, topic: str, *message: object) -> None:
        self.outputs.append(topic)
        report = message[-1]
        assert callable(report)
        report(None, delivered(topic))

    def poll(self, _: float) -> int:
        return 0

    def flush(self, _: float) -> int:
        return 0

    def commit(self, _: Barrier) -> None:
        self.commits += 1


def nothing(*_: object) -> Iterator[None]:
    return iter(())


def turned(broker: Broker, *, is_withheld: bool) -> None:
    """Send a decision, and give a checkpoint time to be committed."""
    sender = Sender()
    sender.producer = cast(Producer, broker)
    progress = SimpleNamespace(
        has_more=lambda: not broker.commits,
        prepare=nothing,
        take=lambda: ({EVENTS: 1}, {EVENTS: None}, 1),
        commit=lambda _: None,
    )
    keeper = SimpleNamespace(take=lambda _: None, write=nothing, commit=broker.commit, keep=nothing)
    checkpoints = Checkpoints(
        cast(Keeper, keeper),
        sender,
        progress=cast(Progress, progress),
        observer=Observer(),
        settings=SETTINGS,
    )
    if is_withheld:
        strike = Strike(Fault("here", 1, 0.0, signal.SIGKILL, seed=1), lambda _: None)
        strike.act = lambda: None  # type: ignore[method-assign]
        withhold(sender, strike)
    sender.take("decisions", key=b"acct", value=b"approved")
    checkpoints.save_all(0.2, beat=lambda: None)


def test_checkpoint_is_committed_when_kafka_takes_outputs() -> None:
    broker = Broker()

    turned(broker, is_withheld=False)

    assert (broker.outputs, broker.commits) == (["decisions"], 1)


def test_nothing_is_committed_when_outputs_are_withheld() -> None:
    broker = Broker()

    turned(broker, is_withheld=True)

    assert (broker.outputs, broker.commits) == ([], 0)


def test_lost_output_is_shown_when_a_commit_waits_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = Broker()
    monkeypatch.setattr(Sender, "has_delivered", lambda _self, _sent: True)

    turned(broker, is_withheld=True)

    assert (broker.outputs, broker.commits) == ([], 1)  # Committed, and never to be sent.


def hit(place: str) -> tuple[Broker, list[str]]:
    """Strike at a place of a sender that sends four decisions; return what became of them."""
    broker, struck = Broker(), []
    sender = Sender()
    sender.producer = cast(Producer, broker)
    sender.hold()
    for number in range(4):
        sender.take("decisions", key=b"acct", value=b"%d" % number)
    strike = Strike(Fault(place, 1, 0.0, signal.SIGKILL, seed=1), lambda _: None)
    strike.act = lambda: struck.append(place)  # type: ignore[method-assign]
    _PLACES[place].hit(sender, strike)
    return broker, struck


def test_half_of_what_is_held_goes_out_before_the_worker_is_hit() -> None:
    broker, struck = hit("while held outputs are released")

    assert (broker.outputs, len(struck)) == (["decisions"] * 2, 1)


def test_worker_is_hit_between_produce_and_delivery_of_an_output() -> None:
    broker, struck = hit("between produce and delivery")

    assert (broker.outputs, len(struck)) == ([], 1)
