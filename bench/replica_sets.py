"""A process for each role of each replica set; what ends is started again at once."""

import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from bench.pipeline import start
from pipeline.streams.settings import Settings

__all__ = ["ROLES", "Place", "ReplicaSets"]

ROLES = ("risk", "ingest", "broadcast")
SESSION_MS = 6000
SUPERVISOR_SECONDS = 0.05


class Place(NamedTuple):
    """Which process."""

    set: str  # The name of its replica set; empty is a name.
    role: str

    @property
    def instance(self) -> str:
        """Its name, and that of its folder."""
        return f"{self.role}-{self.set}"


class ReplicaSets:
    """All processes, from `with` on."""

    def __init__(self, settings: Settings, folder: Path, sets: tuple[str, ...]) -> None:
        self._settings = settings
        self._folder = folder
        self._places = [Place(name, role) for name in sets for role in ROLES]
        self._processes: dict[Place, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()  # Of who looks after a process.
        self._ended = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise)

    def __enter__(self) -> "ReplicaSets":
        for place in self._places:
            self._start(place)
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._supervisor.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait()

    def terminate(self, place: Place) -> None:
        """Let a process end in good order."""
        self._processes[place].terminate()

    def kill(self, place: Place) -> None:
        """Kill a process."""
        self._processes[place].kill()

    def freeze(self, place: Place, seconds: float) -> None:
        """Freeze a process for so long."""
        process = self._processes[place]
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def wipe(self, place: Place) -> None:
        """Kill a process and start it again without its disk."""
        with self._lock:
            process = self._processes[place]
            process.kill()
            process.wait()
            shutil.rmtree(self._folder / self._settings.group_prefix / place.instance)
            self._start(place)

    def _supervise(self) -> None:
        while not self._ended.wait(SUPERVISOR_SECONDS):
            with self._lock:
                for place, process in self._processes.items():
                    if process.poll() is not None:
                        self._start(place)

    def _start(self, place: Place) -> None:
        with (self._folder / f"{self._settings.group_prefix}.log").open("ab") as log:
            self._processes[place] = start(
                self._settings,
                self._folder,
                place.role,
                instance=place.instance,
                log=log,
                replica=place.set,
                session_timeout_ms=SESSION_MS,
                log_level="error",
            )
