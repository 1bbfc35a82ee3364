"""How long nothing is decided when a process dies, with one replica set and with two.

`python -m bench.gaps [ROUNDS]`: while signals keep coming, a process of the first set is killed and
starts again at once, or is frozen for longer than its session. The longest time from a signal to
its decision is the gap; the first decision of each signal counts, whichever set sent it.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.pipeline import Load, settings_of, start
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

RATE = 50  # Signals per second.
SECONDS = 20  # Of one fault; it comes after FAULT_SECONDS.
FAULT_SECONDS = 3.0
FREEZE_SECONDS = 9.0  # Longer than the session.
SESSION_MS = 6000
WARM_UP_SECONDS = 20
SUPERVISOR_SECONDS = 0.05
ROLES = ("risk", "ingest", "broadcast")
FAULTS = ("none", "kill", "freeze")


class Fleet:
    """A process for each role of each set."""

    def __init__(self, settings: Settings, folder: Path, sets: tuple[str, ...]) -> None:
        self._settings = settings
        self._folder = folder
        self._processes: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        for name in sets:
            for role in ROLES:
                self._start(name, role)
        self._supervisor = threading.Thread(target=self._supervise)
        self._supervisor.start()

    def hit(self, fault: str, name: str, role: str) -> None:
        """Kill a process, which starts again at once, or freeze it for a while."""
        if fault == "kill":
            self._processes[name, role].kill()
        elif fault == "freeze":
            process = self._processes[name, role]
            process.send_signal(signal.SIGSTOP)
            time.sleep(FREEZE_SECONDS)
            process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End all processes in good order."""
        self._ended.set()
        self._supervisor.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait()

    def _supervise(self) -> None:
        """Start again what died or ended by itself."""
        while not self._ended.wait(SUPERVISOR_SECONDS):
            for (name, role), process in self._processes.items():
                if process.poll() is not None:
                    self._start(name, role)

    def _start(self, name: str, role: str) -> None:
        self._processes[name, role] = start(
            self._settings,
            self._folder,
            role,
            instance=f"bench-{role}",
            replica=name,
            session_timeout_ms=SESSION_MS,
            log_level="error",
        )


def main() -> None:
    """Print a row for each process and fault."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    say("| process | fault | one set | two sets |\n|---|---|---|---|")
    with LocalKafka() as kafka, tempfile.TemporaryDirectory() as folder:
        gaps = {
            sets: dict(measured(kafka.bootstrap, Path(folder), sets=sets, rounds=rounds))
            for sets in (("",), ("a", "b"))
        }
    for role, fault in gaps["",]:
        one, two = (found[role, fault] / 1000 for found in gaps.values())
        say(f"| {role} | {fault} | {one:.2f} s | {two:.2f} s |")


def measured(
    brokers: str, folder: Path, *, sets: tuple[str, ...], rounds: int
) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield the longest gap of each fault of each process, in milliseconds."""
    settings = settings_of(brokers, f"gaps{len(sets)}")
    for name in sets:
        create_missing(settings.model_copy(update={"replica": name}))
    load = Load(settings)
    load.open_accounts()
    with running_sets(settings, folder, sets) as fleet:
        load.run(rate=RATE, seconds=WARM_UP_SECONDS)
        for role, fault in [("-", "none"), *((r, f) for f in FAULTS[1:] for r in ROLES)]:
            place = sets[0], role
            gaps = [one_gap(load, fleet, fault, place=place) for _ in range(rounds)]
            yield (role, fault), max(gaps)


@contextmanager
def running_sets(settings: Settings, folder: Path, sets: tuple[str, ...]) -> Iterator[Fleet]:
    """Run all sets."""
    fleet = Fleet(settings, folder, sets)
    try:
        yield fleet
    finally:
        fleet.end()


def one_gap(load: Load, fleet: Fleet, fault: str, *, place: tuple[str, str]) -> float:
    """Return the longest time from a signal to its decision around a fault, in milliseconds.

    place: set and role.
    """
    timer = threading.Timer(FAULT_SECONDS, fleet.hit, (fault, *place))
    timer.start()
    late_ms = load.run(rate=RATE, seconds=SECONDS)
    timer.join()
    return max(late_ms)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
