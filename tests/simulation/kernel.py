"""The scheduler of a simulated world: one virtual clock, and one task that runs at a time.

A task is a greenlet; it gives way where it would wait: in a call of Kafka's client, in a sleep, on
another thread. So the order in which everything happens follows from the seed alone, and the
machine's own scheduler has no say in it. Nothing here knows Kafka.
"""

import heapq
from collections.abc import Callable, Iterable
from itertools import count
from random import Random
from typing import TypeAlias

from greenlet import getcurrent, greenlet

__all__ = ["Event", "Kernel", "Killed", "Process", "Stuck", "Task"]

CALL_SECONDS = 0.000_005  # Of a call that does not wait: so that nothing spins for ever.
STEPS_MAX = 3_000_000  # Of one run; more means that something spins.

Call: TypeAlias = Callable[[], None]


class Killed(BaseException):
    """The process of a task is dead; raised in each of its calls, so that it does nothing more."""


class Stuck(Exception):  # noqa: N818 - It names what happened.
    """The world went wrong by itself: a mistake of the simulation, not of what it runs."""


class Event:
    """A call that is due at a time, unless it is cancelled."""

    __slots__ = ("call", "is_cancelled", "task")

    def __init__(self, call: Call | None, task: "Task | None" = None) -> None:
        self.call = call
        self.task = task  # Whom to resume instead of a call.
        self.is_cancelled = False

    def cancel(self) -> None:
        """Let nothing happen."""
        self.is_cancelled = True


class Process:
    """What is killed, frozen and cut off as one: a worker with all its threads and clients."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_frozen = False
        self.clock_skew_s = 0.0  # Of its wall clock.
        self.tasks: list[Task] = []
        self.deferred: list[Call] = []  # What reached it while it was frozen.
        self.on_frozen: list[Call] = []
        self.on_thawed: list[Call] = []
        self.on_killed: list[Call] = []
        self.on_term: Callable[[], object] | None = None  # Ends it in good order.
        self.handles: list[Call] = []  # What a machine closes for a process that is gone.

    @property
    def is_over(self) -> bool:
        """Whether none of its threads is left."""
        return all(task.is_done for task in self.tasks)

    def close_handles(self) -> None:
        """Close what it had open, as the machine does once it is over."""
        for close in self.handles:
            close()
        self.handles.clear()

    @property
    def is_running(self) -> bool:
        """Whether its threads run."""
        return not (self.is_dead or self.is_frozen)

    def deliver(self, call: Call) -> None:
        """Let something reach it: now, after its freeze, or never."""
        if self.is_frozen:
            self.deferred.append(call)
        elif not self.is_dead:
            call()


class Task:
    """A thread of a process."""

    def __init__(self, process: Process, name: str) -> None:
        self.process = process
        self.name = name
        self.is_done = False
        self.error: BaseException | None = None
        self.waiters: list[Task] = []
        self.runs: greenlet | None = None
        self.wake: Event | None = None  # When it goes on at the latest.


class Kernel:
    """Events in their order, and whose turn it is."""

    def __init__(self, seed: int, *, start_s: float) -> None:
        self.now_s = start_s
        self.start_s = start_s
        self.random = Random(seed)
        self.on_point: Callable[[Process, str], None] = lambda _process, _name: None
        self.steps = 0
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()
        self._nobody = Task(Process("nobody"), "nobody")  # While calls of the world itself run.
        self.current = self._nobody
        self._hub = getcurrent()

    def at(self, when_s: float, call: Call) -> Event:
        """Let something happen at a time."""
        return self._push(when_s, Event(call))

    def after(self, seconds: float, call: Call) -> Event:
        """Let something happen so much later."""
        return self._push(self.now_s + seconds, Event(call))

    def spawn(self, process: Process, call: Call, name: str) -> Task:
        """Begin a thread; it runs once whoever runs now waits."""
        task = Task(process, name)
        process.tasks.append(task)
        task.runs = greenlet(lambda: self._run(task, call), self._hub)
        task.wake = self._push(self.now_s, Event(None, task))
        return task

    def tick(self) -> None:
        """Take the time of a call that does not wait. Raise Killed in a dead process."""
        self.now_s += CALL_SECONDS
        self._require_alive(self.current)

    def point(self, name: str) -> None:
        """Pass a named point, where the world may kill or freeze this process."""
        task = self.current
        self.on_point(task.process, name)
        self._require_alive(task)
        if task.process.is_frozen:
            self.sleep(0.0)

    def sleep(self, seconds: float) -> None:
        """Wait, and let others run."""
        self._require_alive(self.current)
        self._suspend(self.now_s + max(0.0, seconds))

    def wait(self, holds: Callable[[], bool], sleepers: "list[Task]", seconds: float) -> bool:
        """Wait until something holds, for so long; return whether it does.

        sleepers: whoever may bring it about calls `wake` with them.
        """
        self._require_alive(self.current)
        until_s = self.now_s + seconds
        while not holds():
            if self.now_s >= until_s:
                return False
            sleepers.append(self.current)
            self._suspend(until_s)
            if self.current in sleepers:
                sleepers.remove(self.current)
        return True

    def wake(self, sleepers: "list[Task]") -> None:
        """Let tasks go on that wait."""
        for task in sleepers:
            self._resume(task, self.now_s)
        sleepers.clear()

    def join(self, task: Task, seconds: float) -> bool:
        """Wait for the end of a task; return whether it came."""
        return self.wait(lambda: task.is_done, task.waiters, seconds)

    def kill(self, process: Process) -> None:
        """End a process without a word, at whatever point each of its threads is."""
        process.is_dead, process.is_frozen = True, False
        process.deferred.clear()
        for call in process.on_killed:
            call()
        self._resume_all(process.tasks)

    def freeze(self, process: Process, seconds: float) -> None:
        """Let a process stand still for so long."""
        if not process.is_running:
            return
        process.is_frozen = True
        for call in process.on_frozen:
            call()
        self.after(seconds, lambda: self.thaw(process))

    def run_for(self, seconds: float) -> None:
        """Let the world go on; only for whoever made it."""
        until_s = self.now_s + seconds
        while self._events and self._events[0][0] <= until_s:
            self.steps += 1
            if self.steps > STEPS_MAX:
                raise Stuck(f"more than {STEPS_MAX} steps by {self.now_s - self.start_s:.3f} s")
            when_s, _, event = heapq.heappop(self._events)
            if not event.is_cancelled:
                self.now_s = max(self.now_s, when_s)
                self._happen(event)
        self.now_s = max(self.now_s, until_s)

    def _happen(self, event: Event) -> None:
        task = event.task
        if task is None:
            assert event.call is not None
            event.call()
            return
        task.wake = None  # A frozen one is resumed by its thaw.
        if task.is_done or task.process.is_frozen:
            return
        assert task.runs is not None
        self.current = task
        task.runs.switch()
        self.current = self._nobody

    def run_until(self, holds: Callable[[], bool], *, seconds_max: float, step_s: float) -> bool:
        """Let the world go on until something holds; look every step."""
        until_s = self.now_s + seconds_max
        while not holds():
            if self.now_s >= until_s:
                return False
            self.run_for(step_s)
        return True

    def end(self, processes: Iterable[Process]) -> None:
        """Kill what is left, and wait for its threads."""
        every = list(processes)
        for process in every:
            self.kill(process)
        while not all(process.is_over for process in every):
            self.run_for(0.001)
        for process in every:
            process.close_handles()

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        if not process.is_frozen:
            return
        process.is_frozen = False
        deferred, process.deferred = process.deferred, []
        for call in [*process.on_thawed, *deferred]:
            call()
        self._resume_all([task for task in process.tasks if task.wake is None])

    def _resume_all(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            if not task.is_done:
                self._resume(task, self.now_s)

    def _resume(self, task: Task, when_s: float) -> None:
        if task.is_done or task is self.current:
            return
        if task.wake is not None:
            task.wake.cancel()
        task.wake = self._push(when_s, Event(None, task))

    def _suspend(self, until_s: float) -> None:
        task = self.current
        task.wake = self._push(until_s, Event(None, task))
        self._hub.switch()
        self._require_alive(task)

    def _require_alive(self, task: Task) -> None:
        if task.process.is_dead:
            raise Killed

    def _push(self, when_s: float, event: Event) -> Event:
        heapq.heappush(self._events, (when_s, next(self._order), event))
        return event

    def _run(self, task: Task, call: Call) -> None:
        try:
            self._require_alive(task)
            call()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - Whoever joins it says what it means.
            task.error = error
        task.is_done = True
        self.wake(task.waiters)
