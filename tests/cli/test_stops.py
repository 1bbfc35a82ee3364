"""`riskgate stops --follow` shows what happens to a stop as it happens."""

from collections.abc import Iterator
from typing import cast

from pipeline.cli.stops import _frames
from pipeline.outputs.reader import Mark, OutputReader
from pipeline.outputs.record import Output
from tests import given
from tests.outputs.recorded import of_topic, outputs
from topics.codec import encode
from topics.controls import TOPIC

HALTED = outputs(given.account(), given.control("halt"))


class Reader:
    """What was there before, and what comes later."""

    def __init__(self, later: list[Output]) -> None:
        self._later = later

    def mark(self, *_: str, account: str | None) -> Mark:
        return {}

    def read(self, topic: str, *, account: str | None) -> list[Output]:
        return of_topic(HALTED, topic)

    def follow_from(self, _: Mark, *, account: str | None) -> Iterator[Output]:
        return iter(self._later)


def acknowledged(at_ms: int) -> Output:
    """Return an operator's message about the stop as the reader hands it on."""
    control = given.control("acknowledge", stop_id="acct-1:2:1")
    return Output(TOPIC.name, 0, 0, at_ms, "acct-1", 0, encode(control))


def test_frame_says_who_looks_at_a_stop_once_it_is_acknowledged() -> None:
    looks = acknowledged(given.T0_MS + 5000)

    frames = list(_frames(cast(OutputReader, Reader([looks])), None, is_open=True))

    ((stop,),) = frames
    assert (stop.stop_id, stop.acknowledged_by) == ("acct-1:2:1", "risk-desk")
