"""Who waits for which decision at the door, and what was decided: one answer for each signal id.

A signal is sent once, however often it is posted. What was asked goes on when nobody waits for it
any more, so that a decision that comes late is known to who posts the signal again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from pipeline.streams.observe import metrics
from riskgate.answers import NO_ANSWER, no_answer
from topics.codec import encode
from topics.decisions import Decision
from topics.signals import Signal

__all__ = ["Answer", "Asker", "Asks", "BusyError", "ConflictError"]

REMEMBERED_MAX = 4000  # Signals; a decision takes some 10 kB.
LATE_SECONDS_MAX = 60.0  # A decision that comes later than that is only in Kafka.


class BusyError(Exception):
    """As many wait as may wait; nothing was sent."""


class ConflictError(Exception):
    """The signal id belongs to a signal of other content; nothing was sent."""


class Answer(NamedTuple):
    """A decision as JSON."""

    body: bytes
    is_decided: bool  # False: nobody decided, which counts as rejected.


class Asker(Protocol):
    """What the door needs of `riskgate.Gate`."""

    async def ask_async(self, signal: Signal, timeout: float) -> Decision:  # noqa: ASYNC109
        """Return the decision, or a rejection with the reason NO_ANSWER after `timeout` s."""


class _Asked(NamedTuple):
    signal: Signal  # As it was posted.
    task: "asyncio.Task[Answer]"


class Asks:
    """The signals of this door; used in one event loop."""

    def __init__(self, gate: Asker, *, waiting_max: int, now_ms: Callable[[], int]) -> None:
        self._gate = gate
        self._waiting_max = waiting_max
        self._now_ms = now_ms
        self._waiting = 0
        self._asked: OrderedDict[tuple[str, str], _Asked] = OrderedDict()
        self._closing = asyncio.Event()

    @property
    def is_closing(self) -> bool:
        """Whether the door answers all that wait and takes nothing new."""
        return self._closing.is_set()

    def close(self) -> None:
        """Answer all that wait now: nobody decided."""
        self._closing.set()

    async def ask(self, signal: Signal, *, timeout_ms: int, gone: "asyncio.Task[None]") -> Answer:
        """Return the decision, or that none came in time, before `gone` or before the door closes.

        A signal without an expiry gets that of the wait. Raise BusyError or ConflictError.
        """
        if self.is_closing or self._waiting >= self._waiting_max:
            raise BusyError
        task = self._task(signal, timeout_ms)
        closing = asyncio.ensure_future(self._closing.wait())
        self._wait(1)
        try:
            await asyncio.wait(
                {task, closing, gone},
                timeout=timeout_ms / 1000,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            closing.cancel()
            self._wait(-1)
        if task.done() and not task.cancelled():
            return task.result()
        late = f"No decision came within {timeout_ms} ms"
        why = "The door is closing" if self._closing.is_set() else late
        return _answer(no_answer(signal, why))

    def _wait(self, change: int) -> None:
        self._waiting += change
        metrics.DOOR_WAITING.set(self._waiting)

    def _task(self, signal: Signal, timeout_ms: int) -> "asyncio.Task[Answer]":
        """Return what waits for the decision; send the signal unless that was done."""
        name = (signal.account_id, signal.signal_id)
        known = self._asked.get(name)
        if known is not None:
            if known.signal != signal:
                raise ConflictError
            if not _is_unanswered(known.task):
                return known.task
        sent = signal
        if signal.expires_at_ms is None:
            sent = replace(signal, expires_at_ms=self._now_ms() + timeout_ms)
        task = asyncio.create_task(self._decide(sent))
        self._asked[name] = _Asked(signal, task)
        if len(self._asked) > REMEMBERED_MAX:
            # riskgate itself decides no signal id twice, so forgetting one is safe.
            self._asked.popitem(last=False)[1].task.cancel()
        return task

    async def _decide(self, signal: Signal) -> Answer:
        return _answer(await self._gate.ask_async(signal, LATE_SECONDS_MAX))


def _is_unanswered(task: "asyncio.Task[Answer]") -> bool:
    return task.done() and (task.cancelled() or not task.result().is_decided)


def _answer(decision: Decision) -> Answer:
    return Answer(encode(decision), is_decided=NO_ANSWER not in decision.reasons)
