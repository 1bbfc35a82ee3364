"""Where an engine is tested: messages go in, time passes, and what it writes comes out."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from riskgate.engine_protocol import Log
from riskgate.messages import now_ms
from riskgate.venue import Report

__all__ = ["InProcess", "Stage", "Subject", "Written"]

STEP_MS = 10


class Written(NamedTuple):
    """One message that the engine wrote."""

    report: Report
    key: str
    is_in_place: bool = True  # In the partition of its key; without Kafka there are none.


class Stage(Protocol):
    """What a clause needs of the place where it is played."""

    written: list[Written]  # Everything so far, in the order in which it was read.

    def now_ms(self) -> int:
        """Return the time of the stage, which the engine shares."""

    def tell(self, messages: Sequence[Log]) -> None:
        """Hand messages of the topic decisions to the engine, in this order."""

    def wait(self, is_enough: Callable[[], bool], ms_max: int) -> None:
        """Let time pass until it is enough, at most so long."""


class Subject(Protocol):
    """An engine that is tested without Kafka; `riskgate.Engine` is one."""

    def obey(self, message: Log, now_ms: int) -> Iterable[Report]:
        """Apply one message of the topic decisions and return the reports to write."""

    def work(self, now_ms: int) -> Iterable[Report]:
        """Return the reports that time brings."""


class InProcess:
    """A stage with a clock of its own, which passes as fast as the engine works."""

    def __init__(self, engine: Subject) -> None:
        self.written: list[Written] = []
        self._engine = engine
        self._now_ms = now_ms()

    def now_ms(self) -> int:
        """Return the time that has passed here, from the real time at the start."""
        return self._now_ms

    def tell(self, messages: Sequence[Log]) -> None:
        """Hand messages to the engine."""
        for message in messages:
            self._keep(self._engine.obey(message, self._now_ms))

    def wait(self, is_enough: Callable[[], bool], ms_max: int) -> None:
        """Let the engine work in steps of ten milliseconds."""
        end_ms = self._now_ms + ms_max
        while self._now_ms < end_ms and not is_enough():
            self._now_ms += STEP_MS
            self._keep(self._engine.work(self._now_ms))

    def _keep(self, reports: Iterable[Report]) -> None:
        self.written += [Written(each, each.account_id) for each in reports]
