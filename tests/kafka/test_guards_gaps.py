"""A refused message: nothing after it goes out, and no offset moves past it."""

import os
from collections.abc import Iterator

import pytest

from pipeline.streams import client_settings
from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.role_interface import Record, Stopped
from tests.kafka.counter import Counter
from tests.kafka.rig import Rig, Worker

REFUSED = 100


class Copier(Counter):
    """Passes messages on, in time for several batches; one of them is too large."""

    def apply(self, record: Record) -> None:
        if record.offset == REFUSED:
            self.produce(self.target, key=record.key, value=os.urandom(5000))
        super().apply(record)


class Archivist(Counter):
    """Sends with its state what is too large."""

    def __init__(self, app: StreamApplication, target: str) -> None:
        super().__init__(app.produce, target)
        self._app = app

    def checkpoint(self) -> Iterator[None]:
        yield from super().checkpoint()
        self._app.produce_with_state(self.target, key=None, value=os.urandom(5000))


def copy(rig: Rig, kind: type[StreamApplication]) -> Worker:
    """Feed three hundred records, let them be copied, and return the worker at its end."""
    rig.make(rig.source)
    rig.make(rig.target, max_message_bytes="3000")
    rig.feed(300)
    app = kind(rig.settings(checkpoint_interval_ms=60_000))
    worker = Worker(app, Copier(app.produce, rig.target, seconds=0.004))
    worker.end()
    return worker


def test_later_messages_go_out_when_the_producer_allows_gaps(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client_settings.WITHOUT_GAPS, "enable.gapless.guarantee", "false")

    worker = copy(rig, IngestApplication)

    assert [output.offset for output in rig.outputs()][-1] > REFUSED
    assert isinstance(worker.error, Stopped)
    assert rig.committed() <= REFUSED


@pytest.mark.parametrize("kind", [IngestApplication, RiskApplication])
def test_nothing_later_goes_out_when_a_message_was_refused(
    rig: Rig, kind: type[StreamApplication]
) -> None:
    worker = copy(rig, kind)

    sent = [output.offset for output in rig.outputs()]
    assert 0 < len(sent) <= REFUSED
    assert sent == list(range(len(sent)))
    assert isinstance(worker.error, Stopped)
    assert rig.committed() <= REFUSED


def test_nothing_is_committed_when_a_message_of_a_transaction_was_refused(rig: Rig) -> None:
    rig.make(rig.source)
    rig.make(rig.target, max_message_bytes="3000")
    app = RiskApplication(rig.settings())
    worker = Worker(app, Archivist(app, rig.target))

    rig.feed(1)

    assert isinstance(worker.end(), Stopped)
    assert rig.committed() < 0
