"""What a worker waits for before it decides again what an owner before may have decided."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, Producer

from pipeline.streams.clients.cluster import Bounds, Cluster
from pipeline.streams.engine import sender as sender_module
from pipeline.streams.engine import takeover as takeover_module
from pipeline.streams.engine.loop import Clients
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.engine.takeover import Takeover, _Begin
from pipeline.streams.role_interface import EngineSettings, Place, Stopped
from tests.streams.fakes import delivered

PLACE: Place = ("events", 0)
SETTINGS = EngineSettings(
    brokers="none",
    group="risk",
    instance="risk-0",
    topics=("events",),
    partitions={},
    outputs=("decisions",),
)
BEGIN = _Begin(
    Start("events", 0, None, Bounds(0, 3)),
    cast(PartitionStore, SimpleNamespace(outputs=dict)),
    position=0,
    mark=None,
)


@pytest.fixture
def sender() -> Sender:
    """Return a sender of one message, which Kafka does not have yet."""
    sender = Sender()
    sender.producer = cast(Producer, SimpleNamespace(poll=lambda _: 0))
    sender.deliveries.current.sent = 1
    return sender


class _Cluster:
    """Brokers that take the message while the worker waits."""

    def __init__(self, sender: Sender) -> None:
        self.happened: list[str] = []
        self._section = sender.deliveries.current

    def beat(self) -> None:
        self.happened.append("wait")
        self._section.note(None, delivered())

    def bounds(self, places: list[Place]) -> dict[Place, Bounds]:
        self.happened.append("bounds")
        return {place: Bounds(0, 7) for place in places}

    def read(self, *_: object, beat: Callable[[], None]) -> dict[int, list[object]]:
        self.happened.append("read")
        return {}


def test_published_outputs_are_read_after_the_worker_delivered_its_own(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = _Cluster(sender)
    monkeypatch.setattr(takeover_module, "read_published", cluster.read)
    clients = Clients(cast(Consumer, None), sender)
    progress = cast(Progress, None)
    takeover = Takeover(SETTINGS, cast(Cluster, cluster), progress=progress, clients=clients)

    takeover._read_published({PLACE: BEGIN})

    assert cluster.happened == ["wait", "bounds", "read"]


def test_worker_ends_when_what_it_sent_before_an_outage_is_never_delivered(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "DELIVERY_SECONDS_MAX", -1.0)

    with pytest.raises(Stopped, match="did not acknowledge the outputs of risk-0"):
        sender.await_deliveries("risk-0", beat=lambda: None)


def test_worker_ends_when_what_it_sent_before_an_outage_is_refused(sender: Sender) -> None:
    sender.deliveries.refusal = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "too large")

    with pytest.raises(Stopped, match="too large"):
        sender.await_deliveries("risk-0", beat=lambda: None)
