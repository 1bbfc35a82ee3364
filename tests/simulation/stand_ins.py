"""What stands in for time, threads and Kafka's clients in the modules that a world runs.

Put where those modules look them up, by identity: nothing outside pipeline and quixstreams sees it.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from tests.simulation.kernel import Kernel, Task

__all__ = ["Signals", "installed", "stand_ins_of"]

ROOTS = ("pipeline.", "quixstreams.")
FOREVER_SECONDS = 1e9
Replaced = dict[int, Any]  # By the id of what is replaced.


class SimulatedTime:
    """The module `time` of a simulated process."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def monotonic(self) -> float:
        """Return seconds since the world began."""
        self._kernel.tick()
        return self._kernel.now_s - self._kernel.start_s + 1000.0

    perf_counter = monotonic

    def time(self) -> float:
        """Return what the wall clock of this process shows."""
        self._kernel.tick()
        return self._kernel.now_s + self._kernel.current.process.clock_skew_s

    def time_ns(self) -> int:
        """Return the same in nanoseconds."""
        return int(self.time() * 1_000_000) * 1000

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._kernel.point("sleep")
        self._kernel.sleep(seconds)


class SimulatedThreading:
    """The module `threading` of a simulated process."""

    def __init__(self, kernel: Kernel) -> None:
        self.Thread = thread_class(kernel)
        self.Event = event_class(kernel)
        self.Lock = threading.Lock  # Nobody waits while it holds one.
        self.current_thread = object  # None of a process's threads is the one with signals.

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


class Signals:
    """The module `signal` of a simulated process: what handles SIGTERM ends it in good order."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(signal, name)

    def signal(self, number: int, handler: Callable[..., object]) -> None:
        """Note who handles a signal."""
        if number == signal.SIGTERM:
            self._kernel.current.process.on_term = lambda: handler(number, None)


def thread_class(kernel: Kernel) -> type[threading.Thread]:
    """Return a Thread that is a task of the process that starts it."""

    class SimulatedThread(threading.Thread):
        _task: Task

        def start(self) -> None:
            self._task = kernel.spawn(kernel.current.process, self.run, self.name)

        def join(self, timeout: float | None = None) -> None:
            kernel.join(self._task, FOREVER_SECONDS if timeout is None else timeout)

        def is_alive(self) -> bool:
            return hasattr(self, "_task") and not self._task.is_done

    return SimulatedThread


def event_class(kernel: Kernel) -> type:
    """Return an Event whose waiters let others run."""

    class SimulatedEvent:
        def __init__(self) -> None:
            self._is_set = False
            self._waiters: list[Task] = []

        def is_set(self) -> bool:
            return self._is_set

        def set(self) -> None:
            self._is_set = True
            kernel.wake(self._waiters)

        def clear(self) -> None:
            self._is_set = False

        def wait(self, timeout: float | None = None) -> bool:
            seconds = FOREVER_SECONDS if timeout is None else timeout
            return kernel.wait(lambda: self._is_set, self._waiters, seconds)

    return SimulatedEvent


def stand_ins_of(kernel: Kernel) -> Replaced:
    """Return what replaces the clock and the threads."""
    clock, threads = SimulatedTime(kernel), SimulatedThreading(kernel)
    return {
        id(time): clock,
        id(time.monotonic): clock.monotonic,
        id(time.time): clock.time,
        id(time.sleep): clock.sleep,
        id(threading): threads,
        id(threading.Thread): threads.Thread,
        id(threading.Event): threads.Event,
    }


@contextmanager
def installed(replaced: Replaced) -> Iterator[None]:
    """Put stand-ins into every module that is loaded by now, and take them out at the end."""
    undo: list[Callable[[], None]] = []
    try:
        for module in _modules():
            for name, value in list(vars(module).items()):
                if id(value) in replaced:
                    undo.append(_set(module, name, replaced[id(value)]))
                elif isinstance(value, type) and value.__module__ == module.__name__:
                    undo += [*_rebase(value, replaced), *_refill(value, replaced)]
        yield
    finally:
        for back in reversed(undo):
            back()


def _modules() -> list[ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.startswith(ROOTS)]


def _set(owner: Any, name: str, value: object) -> Callable[[], None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    return lambda: setattr(owner, name, before)


def _rebase(kind: type, replaced: Replaced) -> list[Callable[[], None]]:
    """Let a class that is a Thread be a simulated one."""
    bases = tuple(replaced.get(id(base), base) for base in kind.__bases__)
    return [] if bases == kind.__bases__ else [_set(kind, "__bases__", bases)]


def _refill(kind: type, replaced: Replaced) -> Iterator[Callable[[], None]]:
    """Let a dataclass take its defaults from stand-ins."""
    for cell in getattr(vars(kind).get("__init__"), "__closure__", None) or ():
        if id(cell.cell_contents) in replaced:
            before, cell.cell_contents = cell.cell_contents, replaced[id(cell.cell_contents)]
            yield partial(setattr, cell, "cell_contents", before)
