"""The processes of a deployment on this machine, to be killed, frozen and started again."""

import os
import random
import shutil
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from bench.failpoints import RESTORING, Fault, draw_fault
from bench.links import Links
from bench.pipeline import environment_of
from bench.warm_member import PRELOAD, Life, live
from pipeline.streams.roles.children import warm_context
from pipeline.streams.settings import Settings

__all__ = ["SETS", "Fleet", "Member", "members"]

SETS = {1: ("",), 2: ("", "b")}
NEXT = "next"  # The set of the other release; it has a risk worker alone.
SESSION_MS = 6000
WARM = ("bench.warm_member", "bench.chaos_faults")
INTERVALS_MS = (10, 50, 200, 1000)  # Between checkpoints.
CHECK_SECONDS = 0.2
PLACE_SECONDS_MAX = 30.0  # For a start and a named place.
END_SECONDS_MAX = 60.0


class Member(NamedTuple):
    """One process."""

    name: str
    role: str
    set: str


def members(sets: int, *, releases: bool) -> list[Member]:
    """Return two risk workers, an ingest and a broadcast, and of a second set one of each."""
    whole = [
        Member("risk-one", "risk", ""),
        Member("risk-two", "risk", ""),
        Member("ingest", "ingest", ""),
        Member("broadcast", "broadcast", ""),
    ]
    if sets > 1:
        whole += [Member(f"{role}-b", role, "b") for role in ("risk", "ingest", "broadcast")]
    return whole + ([Member(f"risk-{NEXT}", "risk", NEXT)] if releases else [])


class Fleet:
    """What exits by itself is started again."""

    def __init__(
        self, settings: Settings, folder: Path, crew: Sequence[Member], *, links: Links | None
    ) -> None:
        self.links = links
        self.members = list(crew)
        self.exits: Counter[str] = Counter()  # Of processes that exited by themselves.
        self.disks = folder / "disks"
        self._draw = random.Random(len(crew))  # Of what is no fault.
        self._settings = settings
        self._log = folder / "fleet.log"
        self._old = folder / "old"
        self._release = "control" if any(each.set == NEXT for each in crew) else "auto"
        self._context = warm_context(WARM)
        self._processes: dict[Member, ForkServerProcess] = {}

    def start_all(self) -> None:
        """Start everybody."""
        for member in self.members:
            self._start(member)

    def calm(self, seconds: float) -> None:
        """Let them work; start again what has exited."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            time.sleep(CHECK_SECONDS)
            for member, process in self._processes.items():
                if process.exitcode is not None:
                    self.exits[f"{member.role} with {process.exitcode}"] += 1
                    self._start(member)

    def kill(self, member: Member) -> None:
        """Kill a process; it starts again at once."""
        self._end(member)
        self._start(member)

    def freeze(self, member: Member, seconds: float) -> None:
        """Freeze a process."""
        process = self._processes[member]
        os.kill(process.pid or 0, signal.SIGSTOP)
        self.calm(seconds)
        if process.exitcode is None:
            os.kill(process.pid or 0, signal.SIGCONT)

    def drain(self, name: str) -> None:
        """End all of a set in good order, as a node does that is emptied; then start them again."""
        leaving = [member for member in self.members if member.set == name]
        for member in leaving:
            self._processes[member].terminate()
        for member in leaving:
            self._processes[member].join(END_SECONDS_MAX)
            if self._processes[member].exitcode is None:
                self.exits[f"{member.role} killed, as it did not end"] += 1
                self._end(member)
            self._start(member)

    def kill_at_a_place(self, member: Member, draw: random.Random) -> str:
        """Let a risk worker die at a named place, and return which one it was."""
        fault = draw_fault(draw, signal.SIGKILL)
        self._end(member)
        if fault.place == RESTORING:
            self._wipe(member)
        began = self._log.stat().st_size
        self._start(member, fault=fault)
        give_up_s = time.monotonic() + PLACE_SECONDS_MAX
        process = self._processes[member]
        while process.exitcode is None and time.monotonic() < give_up_s:
            time.sleep(CHECK_SECONDS)
        self._end(member)
        self._start(member)
        said = self._log.read_text(errors="replace")[began:]
        return next((line for line in said.splitlines() if line.startswith("killed ")), "killed")

    def wipe(self, member: Member) -> None:
        """Lose the disk of a process."""
        self._end(member)
        self._wipe(member)
        self._start(member)

    def put_back_disk(self, member: Member, seconds: float) -> None:
        """Give a process the disk that it had some seconds ago, as a restored volume is."""
        self._end(member)
        self._disk(member).mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._disk(member), self._old)
        self._start(member)
        self.calm(seconds)
        self._end(member)
        self._wipe(member)
        shutil.move(self._old, self._disk(member))
        self._start(member)

    def twin(self, member: Member, seconds: float) -> None:
        """Run a second process under the name of one, with a disk of its own."""
        twin = self._forked(member, name="twin")
        self.calm(seconds)
        twin.kill()
        twin.join()

    @contextmanager
    def other_clock(self, member: Member, library: Path) -> Iterator[Path]:
        """Run a process whose clock goes by a file, which says by how much it is wrong."""
        offset = self._log.parent / "clock"
        offset.write_text("+0")
        self._end(member)
        more = {
            PRELOAD: str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self._processes[member] = self._forked(member, more=more)
        yield offset
        self.kill(member)

    def end(self) -> None:
        """End all in good order."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.join()

    def kill_all(self) -> None:
        """End all in any case."""
        for process in self._processes.values():
            process.kill()
            process.join()

    def _end(self, member: Member) -> None:
        self._processes[member].kill()
        self._processes[member].join()

    def _disk(self, member: Member) -> Path:
        return self.disks / member.name

    def _wipe(self, member: Member) -> None:
        shutil.rmtree(self._disk(member), ignore_errors=True)

    def _start(self, member: Member, *, fault: Fault | None = None) -> None:
        self._processes[member] = self._forked(member, fault=fault)

    def _forked(
        self,
        member: Member,
        *,
        fault: Fault | None = None,
        name: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> ForkServerProcess:
        """Start a process; name: of its links and its folder, if not its own; more: environment."""
        name = name or member.name
        ours, theirs = self._context.Pipe()
        ports = self.links.ports if self.links is not None else ()
        environment = self._environment(member, self.disks / name) | dict(more or {})
        life = Life(member.role, environment, self._log, fault, ports, member.set == NEXT)
        process = self._context.Process(target=live, args=(life, theirs))
        process.start()
        theirs.close()
        if self.links is not None:
            with socket.socket(fileno=os.dup(ours.fileno())) as outside:
                self.links.take_over(name, outside)
        ours.close()
        return process

    def _environment(self, member: Member, disk: Path) -> dict[str, str]:
        return environment_of(
            self._settings,
            instance=member.name,
            replica=member.set,
            state_dir=disk,
            http_port=0,
            activate=self._release,
            session_timeout_ms=SESSION_MS,
            checkpoint_interval_ms=self._draw.choice(INTERVALS_MS),
            log_level="error",
        )
