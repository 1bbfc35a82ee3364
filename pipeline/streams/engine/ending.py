"""The end of a worker whose process goes on: nothing of it may act beside the one that follows.

Apart from application.py because none of this needs quixstreams.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Protocol

from pipeline.streams.clients.callbacks import Callbacks
from pipeline.streams.engine.checkpoint import Background, Checkpoints
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import SessionLost, Stopped

__all__ = ["LOST_SECONDS_MAX", "Ending", "Ends", "ended_whole"]

logger = logging.getLogger(__name__)

CLOSE_SECONDS_MAX = 5.0
END_SECONDS_MAX = 5.0
LOST_SECONDS_MAX = 5.0  # To give up a checkpoint of partitions that are others' by now.
LOOK_SECONDS = 0.1


class Ending:
    """What of one worker may go on when its loop has ended."""

    def __init__(self, senders: Sequence[Sender], beat: Callable[[], None]) -> None:
        self.beat = beat
        self.checkpoints: Checkpoints | None = None
        self.callbacks = Callbacks()
        self._senders = senders
        self._closing: list[Background] = []
        self.is_leaving = False  # A signal said so: no other session is to follow.

    def hear_signals(self) -> None:
        """Note what asks the process to leave, beside what these signals do anyway."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, partial(self._leave, signal.getsignal(number)))

    def _leave(self, then: object, number: int, frame: FrameType | None) -> None:
        self.is_leaving = True
        if callable(then):
            then(number, frame)

    def close(self, close: Callable[[], None]) -> None:
        """Close a consumer, but wait for that a few seconds at most.

        While a commit waits for a broker that is away, Kafka's client does not close: a worker that
        was to be started again stood still there until the watchdog ended it.
        """
        closing = Background("close", partial(self.callbacks.after, close))
        self._closing.append(closing)
        closing.wait(CLOSE_SECONDS_MAX, self.beat)
        if closing.is_alive():
            logger.warning("The consumer does not close in %g s", CLOSE_SECONDS_MAX)
            return
        closing.raise_error()

    def is_over(self) -> bool:
        """Whether no thread of it still waits for Kafka."""
        commit = None if self.checkpoints is None else self.checkpoints.last_commit
        threads = [*self._closing, *([] if commit is None else [commit])]
        return not any(thread.is_alive() for thread in threads)

    def abandon(self) -> None:
        """Let what still waits for Kafka touch nothing when it goes on.

        A commit whose broker died may wait until that one is back, however long that takes. By then
        brokers refuse it: the next worker has the same names, in its group and as a producer, and
        takes both over before it reads anything. So that is no more than a request of a process
        that was killed, which arrives late.
        """
        if not self.is_over():
            self.callbacks.silence()
            logger.warning(
                "A call of the old session still waits for Kafka after %g s; it is left behind",
                END_SECONDS_MAX,
            )

    def fence(self) -> bool:
        """Let it send nothing more; return whether nothing is left to be sent."""
        closed = [sender.close() for sender in self._senders]  # Each, whatever the first says.
        return all(closed)


class Ends(Protocol):
    """A worker that says how it ended."""

    @property
    def ending(self) -> Ending: ...


@contextmanager
def ended_whole(*workers: Ends, is_mended: bool = True) -> Iterator[None]:
    """Let SessionLost pass once nothing of these workers can act any more.

    Unless one of them was told to leave: then the process is over, whatever it lost meanwhile.
    Raise Stopped if a message of theirs may still be sent: then only a new process may go on.
    is_mended: whether the process goes on at all.
    """
    endings = [worker.ending for worker in workers]
    try:
        yield
    except SessionLost as lost:
        may_follow = not is_mended or _is_leaving(endings) or _end(endings)
        if _is_leaving(endings):
            logger.warning("%s. It was told to stop, so no new session begins", lost)
            return
        if not may_follow:
            raise Stopped(
                f"{lost}. Kafka's client may still send a message of it, so only a new process may "
                "go on"
            ) from lost
        raise


def _is_leaving(endings: Sequence[Ending]) -> bool:
    return any(ending.is_leaving for ending in endings)


def _end(endings: Sequence[Ending]) -> bool:
    give_up_s = time.monotonic() + END_SECONDS_MAX
    # At once: a thread that still waits could send when Kafka answers.
    fenced = [ending.fence() for ending in endings]
    while time.monotonic() < give_up_s and not all(ending.is_over() for ending in endings):
        for ending in endings:
            ending.beat()
        time.sleep(LOOK_SECONDS)
    for ending in endings:
        ending.abandon()
    return all(fenced)
