"""Checkpoints: positions, and the state that belongs to them, saved beside the work.

What a worker decides is a function of the log, so it goes out at once; a checkpoint only bounds how
much is decided again after a crash. At its barrier it takes what there is; then it is saved in
slices between batches and committed in a thread, while later records are already being applied.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Thread
from typing import NamedTuple, Protocol

from pipeline.streams.engine.deliveries import Sent
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import EngineSettings, Observer, Place, SessionLost

__all__ = ["Background", "Barrier", "Checkpoints", "Keeper", "revoke_seconds_max"]

SLICE_SECONDS = 0.001  # Of work between two batches: so long at most a decision waits for it.
WAIT_SECONDS = 0.002  # Between two looks at what Kafka has to do; a record is read meanwhile.
BEAT_SECONDS = 0.5
COMMIT_SECONDS_MAX = 30.0  # Longer than a commit gives itself: only one that hangs takes so long.


class Barrier(NamedTuple):
    """Where a checkpoint stands in the log, and what has to be there before it counts."""

    positions: Mapping[Place, int]  # The next offset, of the partitions that moved.
    marks: Mapping[Place, str | None]  # Of the record before each.
    ends: Mapping[Place, int]  # Of outputs: no later output has a lower offset.
    records: int  # Applied since the barrier before.
    sent: Sent  # By then.
    began_s: float


class Keeper(Protocol):
    """Keep a barrier: the order of calls is `take`, `write`, `commit`, `keep`."""

    def take(self, barrier: Barrier) -> None:
        """Take the state as it is; called at the barrier itself."""

    def write(self, barrier: Barrier, role: Iterator[None]) -> Iterator[None]:
        """Let the role save what it holds, and send it to Kafka, in slices."""

    def commit(self, barrier: Barrier) -> None:
        """Commit; called from a thread of its own, as it waits for Kafka."""

    def keep(self, barrier: Barrier) -> Iterator[None]:
        """Write what is committed to the disk, in slices."""

    def drop(self, seconds_max: float, *, is_committing: bool) -> None:
        """Give up what was not committed; is_committing: the thread of `commit` goes on."""


class Checkpoints:
    """Begin checkpoints when they are due, and take the current one further.

    Barrier; outputs up to it delivered; state sent, in slices; commit; disk, in slices. Nothing
    later is committed before it, and a message that Kafka refused ends the worker before anything
    later is committed. One that is not done when its partitions are lost is dropped.
    """

    def __init__(  # noqa: PLR0913 - The parts of a worker.
        self,
        keeper: Keeper,
        sender: Sender,
        *,
        progress: Progress,
        observer: Observer,
        settings: EngineSettings,
    ) -> None:
        self._keeper = keeper
        self._sender = sender
        self._progress = progress
        self._observer = observer
        self._interval_s = settings.checkpoint_interval_ms / 1000
        self._instance = settings.instance
        self._due_s = 0.0
        self._steps: Iterator[bool] | None = None  # Each says whether it waits for Kafka.
        self._barrier: Barrier | None = None
        self._waits = False
        self._commit: Background | None = None
        self.last_commit: Background | None = None  # Also after it was given up.
        self._was_done = False

    def was_done(self) -> bool:
        """Return whether a checkpoint was committed since this was asked last."""
        was_done, self._was_done = self._was_done, False
        return was_done

    def turn(self) -> None:
        """Go on for a slice; begin a checkpoint when it is due."""
        self._sender.raise_refusal(self._instance)
        if self._steps is None:
            if time.monotonic() < self._due_s or not self._progress.has_more():
                return
            self._begin()
        self._go_on(SLICE_SECONDS)

    def patience_s(self, seconds_max: float) -> float:
        """Return how long to wait for records before the next turn."""
        if self._steps is not None:
            return WAIT_SECONDS if self._waits else 0.0
        if not self._progress.has_more():
            return seconds_max
        return min(seconds_max, max(0.0, self._due_s - time.monotonic()))

    def save_all(self, seconds_max: float, *, beat: Callable[[], None]) -> bool:
        """Save everything applied so far; return whether that was done in time."""
        deadline_s = time.monotonic() + seconds_max
        self._sender.release()  # In the middle of a chunk; what is held is never delivered.
        if not self._finish(deadline_s, beat):
            return False
        if self._progress.has_more():
            self._begin()
        return self._finish(deadline_s, beat)

    def drop(self, seconds_max: float, *, beat: Callable[[], None]) -> None:
        """Give up the current checkpoint in so long, and what was applied since its barrier.

        Raise Stopped or KafkaException when Kafka's client cannot give it up.
        """
        deadline_s = time.monotonic() + seconds_max
        self._sender.drop_held()
        records = 0 if self._barrier is None else self._barrier.records
        commit = self._commit
        self._steps = self._barrier = self._commit = None
        self._due_s = 0.0
        if commit is not None:
            commit.wait(seconds_max, beat)
        left_s = max(0.0, deadline_s - time.monotonic())
        self._keeper.drop(left_s, is_committing=commit is not None and commit.is_alive())
        if records := records + self._progress.records:
            self._observer.dropped(records)

    def _begin(self) -> None:
        now_s = time.monotonic()
        role = self._progress.prepare()
        self._sender.send_held()  # The barrier is behind it, and behind what the role sent now.
        positions, marks, records = self._progress.take()
        self._barrier = barrier = Barrier(
            positions,
            marks,
            records=records,
            ends=self._sender.ends.at(positions),
            sent=self._sender.sent_so_far(),
            began_s=now_s,
        )
        self._keeper.take(barrier)
        self._due_s = now_s + self._interval_s
        self._steps = self._save(barrier, role)

    def _go_on(self, seconds: float) -> bool:
        """Save for so long; return whether there is more, and it waits for Kafka."""
        assert self._steps is not None
        until_s = time.monotonic() + seconds
        for waits in self._steps:
            if waits or time.monotonic() >= until_s:
                self._waits = waits
                return waits
        self._steps = self._barrier = None
        return False

    def _finish(self, deadline_s: float, beat: Callable[[], None]) -> bool:
        while self._steps is not None:
            if time.monotonic() > deadline_s:
                return False
            beat()
            if self._go_on(SLICE_SECONDS):
                time.sleep(WAIT_SECONDS)
        return True

    def _save(self, barrier: Barrier, role: Iterator[None]) -> Iterator[bool]:
        while not self._sender.has_delivered(barrier.sent):
            self._sender.check_delivery(self._instance, since_s=barrier.began_s)
            yield True
        for _ in self._keeper.write(barrier, role):
            yield False
        self._commit = commit = Background("commit", partial(self._keeper.commit, barrier))
        self.last_commit = commit
        give_up_s = time.monotonic() + COMMIT_SECONDS_MAX
        while commit.is_alive():
            self._check_commit(give_up_s)
            yield True
        self._commit = None
        commit.raise_error()
        for _ in self._keeper.keep(barrier):
            yield False
        self._was_done = True
        self._progress.commit(barrier.positions)
        self._observer.committed(time.monotonic() - barrier.began_s, barrier.records)

    def _check_commit(self, give_up_s: float) -> None:
        """Raise Stopped when a commit hangs: the watchdog sees only the thread that decides."""
        if time.monotonic() > give_up_s:
            raise SessionLost(
                f"A commit of {self._instance} hung in Kafka's client for "
                f"{COMMIT_SECONDS_MAX:.0f} s; see the brokers. A restart resumes from the last "
                "checkpoint"
            )


def revoke_seconds_max(settings: EngineSettings) -> float:
    """Return how long others may wait for a worker's last checkpoint, saved or given up."""
    return 0.4 * min(settings.session_timeout_ms, settings.transaction_timeout_ms) / 1000


class Background(Thread):
    """A call in a thread of its own, and what it raised."""

    def __init__(self, name: str, call: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._call = call
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - Raised again in the engine's thread.
            self._error = error

    def wait(self, seconds_max: float, beat: Callable[[], None]) -> None:
        """Wait for its end so long at most; whoever waits says meanwhile that it lives."""
        give_up_s = time.monotonic() + seconds_max
        while self.is_alive() and (left_s := give_up_s - time.monotonic()) > 0:
            beat()
            self.join(min(BEAT_SECONDS, left_s))

    def raise_error(self) -> None:
        """Raise here what the call raised."""
        if self._error is not None:
            raise self._error
