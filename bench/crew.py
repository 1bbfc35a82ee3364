"""Risk workers whose lives end by a fault, forked from one warm process and started again.

Two may work on one partition: one that was frozen and whoever has taken over from it, or a worker
and its twin, a second process under its name.
"""

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bench.failpoints import LATER, RESTORING, Fault, draw_fault
from bench.pipeline import environment_of, start
from bench.warm_worker import live
from pipeline.streams.roles.children import warm_context
from pipeline.streams.settings import Settings

__all__ = ["Beside", "Crew"]

WORKERS = 6  # Two more than partitions.
SESSION_MS = 6000
INTERVALS_MS = (10, 50, 200, 1000)  # Between checkpoints.
FREEZE_SECONDS = 30.0
LATE_SECONDS = 1.0 + SESSION_MS / 1000  # Others have its partitions by then.
LATE_SHARE = 0.04
WIPED_SHARE = 0.05
CALM_SECONDS = 10.0
TURN_SECONDS = 0.01
SHOWN_DEATHS = 50
TWIN = "twin"
TWIN_SECONDS_MAX = 3.0  # From the end of a twin to the next.
# What a life imports, and what this program does, as each life reads that again.
WARM = ("bench.warm_worker", "bench.crew", "bench.chaos_trading", "bench.decisions_read")


class _Life:
    """A process, and what became of its fault."""

    def __init__(self, process: ForkServerProcess, fault: Fault | None, word: Connection) -> None:
        self.process = process
        self.is_to_freeze = fault is not None and fault.number == signal.SIGSTOP
        self.thaw_s: float | None = None  # Frozen until then.
        self.was_thawed = False
        self._place: str | None = None
        self._word = word

    def place(self) -> str | None:
        """Return the place that it named last; None: it was not there."""
        with suppress(EOFError):  # It ended.
            while self._word.poll():
                self._place = self._word.recv()
        return self._place

    def send(self, number: signal.Signals) -> None:
        """Signal the process."""
        if self.process.pid is not None and self.process.exitcode is None:
            os.kill(self.process.pid, number)


class Beside:
    """Ingest and broadcast, which no fault hits; a busy machine ends them, and they start again."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.restarts = 0
        self._start = partial(start, settings, folder, "ingest", "broadcast", instance="bench")
        self._process = self._start()

    def look(self) -> None:
        """Start them again if they ended by themselves."""
        if self._process.poll() is not None:
            self.restarts += 1
            self._process = self._start()

    def end(self) -> None:
        """End them in good order."""
        self._process.terminate()
        self._process.wait()


class Crew:
    """So many workers; a turn looks after each."""

    def __init__(
        self, settings: Settings, folder: Path, draw: random.Random, *, beside: Beside
    ) -> None:
        self._beside = beside
        self.deaths = self.frozen = self.twins = 0
        self.places: Counter[str] = Counter()
        self.exits: Counter[int] = Counter()  # By code: those that ended by themselves.
        self.deaths_per_minute = 0.0
        self._settings = settings
        self._folder = folder
        self._draw = draw
        self._context = warm_context(WARM)
        self._freezes = self._twins = 0  # Wanted.
        self._is_dying = False
        self._due_s: dict[str, float] = dict.fromkeys((f"r{n}" for n in range(WORKERS)), 0.0)
        self._lives: dict[str, _Life] = {}

    def work(self, seconds: float) -> None:
        """Look after all for so long; whoever ends starts again."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._turn()

    def die(self, deaths: int) -> None:
        """Let lives end by SIGKILL until there were so many deaths."""
        self._is_dying, began_s, shown = True, time.monotonic(), 0
        self._kill_lives()  # Those of the beginning have no fault.
        self.deaths = 0
        self.places.clear()
        while self.deaths < deaths:
            self._turn()
            if self.deaths >= shown + SHOWN_DEATHS:
                shown = self.deaths
                sys.stdout.write(f"{shown} deaths after {time.monotonic() - began_s:.0f} s\n")
                sys.stdout.flush()
        self.deaths_per_minute = self.deaths / (time.monotonic() - began_s) * 60

    def double(self, *, freezes: int, twins: int) -> None:
        """Let two work on one partition while others go on dying.

        So many lives or a few more stand still for FREEZE_SECONDS, and so many have a twin.
        """
        self._freezes, self._twins = freezes, twins
        self._due_s[TWIN] = 0.0
        while (
            self.frozen < freezes
            or self.twins < twins
            or any(life.thaw_s for life in self._lives.values())
        ):
            self._turn()

    def calm(self) -> None:
        """Let nobody die any more."""
        self._is_dying = False
        self._kill_lives()
        self._due_s.pop(TWIN, None)
        self.work(CALM_SECONDS)

    def end(self) -> None:
        """End all in good order."""
        for life in self._lives.values():
            life.send(signal.SIGTERM)
        for life in self._lives.values():
            life.process.join()
        self._lives.clear()

    def kill_all(self) -> None:
        """End all in any case."""
        for life in self._lives.values():
            life.send(signal.SIGKILL)
            life.process.join()

    def table(self) -> str:
        """Return how many deaths there were at each place, and how many ended by themselves."""
        lines = [f"{count:6d} {place}" for place, count in self.places.most_common()]
        lines += [f"{count:6d} exited with {code}" for code, count in self.exits.items()]
        return "".join(f"{line}\n" for line in lines)

    def _turn(self) -> None:
        now_s = time.monotonic()
        self._beside.look()
        for name in self._due_s:
            life = self._lives.get(name)
            if life is None:
                if now_s >= self._due_s[name]:
                    self._begin(name)
            elif life.process.exitcode is None:
                self._look_at(life, now_s)
            else:
                self._bury(name, life)
        time.sleep(TURN_SECONDS)

    def _begin(self, name: str) -> None:
        if name != TWIN:
            self._lives[name] = self._start(name, instance=name)
        elif self.twins < self._twins and self._lives:
            self.twins += 1
            self._lives[name] = self._start(name, instance=self._draw.choice(sorted(self._lives)))

    def _look_at(self, life: _Life, now_s: float) -> None:
        """Thaw who was frozen for long enough."""
        if not life.is_to_freeze or life.was_thawed:
            return
        if life.thaw_s is None and (place := life.place()) not in {None, LATER}:
            life.thaw_s = now_s + FREEZE_SECONDS
            self.frozen += 1
            self.places[f"frozen {place}"] += 1
        elif life.thaw_s is not None and now_s >= life.thaw_s:
            life.was_thawed = True
            life.send(signal.SIGCONT)

    def _bury(self, name: str, life: _Life) -> None:
        """Count a death, and say when the next life begins."""
        code = life.process.exitcode or 0
        if code == -signal.SIGKILL:
            self.deaths += 1
            self.places[life.place() or "by the crew"] += 1
        else:
            self.exits[code] += 1
        life.process.close()
        del self._lives[name]
        self._due_s[name] = time.monotonic() + self._pause_s(name)

    def _pause_s(self, name: str) -> float:
        if name == TWIN:
            return self._draw.uniform(0.0, TWIN_SECONDS_MAX)
        is_late = self._is_dying and self._draw.random() < LATE_SHARE
        return LATE_SECONDS if is_late else 0.0

    def _kill_lives(self) -> None:
        for name, life in list(self._lives.items()):
            life.send(signal.SIGKILL)
            life.process.join()
            self._bury(name, life)

    def _start(self, name: str, *, instance: str) -> _Life:
        fault, disk = self._fault(), self._folder / self._settings.group_prefix / name
        is_wiped = self._draw.random() < WIPED_SHARE
        if is_wiped or (fault is not None and fault.place == RESTORING):
            shutil.rmtree(disk, ignore_errors=True)
        environment = environment_of(
            self._settings,
            instance=instance,
            state_dir=disk,
            http_port=0,
            session_timeout_ms=SESSION_MS,
            checkpoint_interval_ms=self._draw.choice(INTERVALS_MS),
            log_level="error",
        )
        reader, writer = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=live,
            args=(environment, self._folder / "crew.log"),
            kwargs={"fault": fault, "last_word": writer},
        )
        process.start()
        writer.close()
        return _Life(process, fault, reader)

    def _fault(self) -> Fault | None:
        if not self._is_dying:
            return None
        number = signal.SIGKILL
        if self.frozen < self._freezes and self._draw.random() < 0.5:
            number = signal.SIGSTOP
        return draw_fault(self._draw, number)
