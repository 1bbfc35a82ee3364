"""A risk worker that notes how long its thread is held beside records, and begins checkpoints when
it is told to: by SIGUSR1. Arguments: the file for what it notes, a line of JSON per checkpoint.

Without this program a worker has none of it. What holds a decision up is all that the thread does
between two records but deciding: its slices of checkpoints and of rows, the garbage collector.
"""
# ruff: noqa: SLF001 - What is measured is inside.

import gc
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline.streams.engine.checkpoint import Checkpoints
from pipeline.streams.engine.loop import Loop
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers  # noqa: F401 - What takes longest to import.
from pipeline.streams.roles.run import run_roles

NEVER_SECONDS = 1e9

__all__ = ["Note"]


class Note(msgspec.Struct):
    """A checkpoint, or the time before it; the longest of each, in ms."""

    where: str  # "inside" a checkpoint or "outside".
    began_s: float  # By the machine's monotonic clock; 0 outside.
    ended_s: float
    cpu_ms: float  # The thread was held at once.
    wall_ms: float
    gc_ms: float
    slices: int
    gc_generation: int  # Of the longest collection.


class Holds:
    """How long the thread was held, in ms: the longest since the last line."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("ab", buffering=0)
        self._began_s: float | None = None
        self._gc_began_s = 0.0
        self._checkpoints: Checkpoints | None = None
        self._cpu_ms = self._wall_ms = self._gc_ms = 0.0
        self._slices = self._gc_generation = 0

    def between(self, loop: Loop, between: Callable[[Loop], None]) -> None:
        """Do what is done between records, and note what it took."""
        wall_s, cpu_s = time.monotonic(), time.thread_time()
        between(loop)
        self._cpu_ms = max(self._cpu_ms, (time.thread_time() - cpu_s) * 1000)
        self._wall_ms = max(self._wall_ms, (time.monotonic() - wall_s) * 1000)
        self._slices += 1
        self._note_end()

    def begin(self, checkpoints: Checkpoints, begin: Callable[[Checkpoints], None]) -> None:
        """Begin a checkpoint, and let no other begin by itself."""
        self._write("outside", 0)
        checkpoints._interval_s = NEVER_SECONDS
        self._checkpoints, self._began_s = checkpoints, time.monotonic()
        signal.signal(signal.SIGUSR1, lambda *_: setattr(checkpoints, "_due_s", 0.0))
        begin(checkpoints)

    def collect(self, phase: str, found: dict[str, int]) -> None:
        """Note how long the garbage collector ran."""
        if phase == "start":
            self._gc_began_s = time.monotonic()
            return
        took_ms = (time.monotonic() - self._gc_began_s) * 1000
        if took_ms > self._gc_ms:
            self._gc_ms, self._gc_generation = took_ms, found["generation"]

    def _note_end(self) -> None:
        if self._checkpoints is not None and self._checkpoints._steps is None:
            self._checkpoints = None
            self._write("inside", self._began_s or 0.0)

    def _write(self, where: str, began_s: float) -> None:
        longest = self._cpu_ms, self._wall_ms, self._gc_ms
        note = Note(where, began_s, time.monotonic(), *longest, self._slices, self._gc_generation)
        self._out.write(msgspec.json.encode(note) + b"\n")
        self._clear()

    def _clear(self) -> None:
        self._cpu_ms = self._wall_ms = self._gc_ms = 0.0
        self._slices = self._gc_generation = 0


def main() -> int:
    """Work until SIGTERM."""
    holds = Holds(Path(sys.argv[1]))
    between, begin = Loop._between, Checkpoints._begin
    Loop._between = lambda self: holds.between(self, between)  # type: ignore[method-assign]
    Checkpoints._begin = lambda self: holds.begin(self, begin)  # type: ignore[method-assign]
    gc.callbacks.append(holds.collect)
    return run_roles([RoleName.RISK])


if __name__ == "__main__":
    sys.exit(main())
