"""The processes of a deployment on this machine, to be killed, frozen and started again."""

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bench.pipeline import start
from pipeline.streams.settings import Settings

__all__ = ["Fleet"]

ROLES = {"risk-one": "risk", "risk-two": "risk", "ingest": "ingest", "broadcast": "broadcast"}
RISK = ("risk-one", "risk-two")
SESSION_MS = 6000
INTERVALS_MS = (10, 50, 200, 1000)  # Between checkpoints.
CHECK_SECONDS = 0.2


class Fleet:
    """Four processes, chosen among by a seed; what exits by itself is started again."""

    def __init__(self, settings: Settings, folder: Path, draw: random.Random) -> None:
        self.draw = draw
        self.exits = 0  # Processes that exited by themselves.
        self._settings = settings
        self._folder = folder
        self._processes = {name: self._start(name) for name in ROLES}

    def calm(self, seconds: float) -> None:
        """Let them work; start again what has exited."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            time.sleep(CHECK_SECONDS)
            for name, process in self._processes.items():
                if process.poll() is not None:
                    self.exits += 1
                    self._processes[name] = self._start(name)

    def kill(self) -> None:
        """Kill a process of any role; it starts again at once."""
        name = self.draw.choice(list(ROLES))
        self._end(name)
        self._processes[name] = self._start(name)

    def kill_in_checkpoint(self) -> None:
        """Kill a risk worker that does little but checkpoints."""
        name = self.draw.choice(RISK)
        self._end(name)
        self._processes[name] = self._start(name, interval_ms=1)
        self.calm(self.draw.uniform(3.0, 6.0))
        self._end(name)
        self._processes[name] = self._start(name)

    def freeze(self, seconds: float) -> None:
        """Freeze a process of any role."""
        name = self.draw.choice(list(ROLES))
        process = self._processes[name]
        process.send_signal(signal.SIGSTOP)
        self.calm(seconds)
        process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Lose the disk of a risk worker."""
        name = self.draw.choice(RISK)
        self._end(name)
        shutil.rmtree(self._disk(name), ignore_errors=True)
        self._processes[name] = self._start(name)

    def put_back_disk(self) -> None:
        """Give a risk worker the disk that it had some seconds ago, as a restored volume is."""
        name, old = self.draw.choice(RISK), self._folder / "old"
        self._end(name)
        self._disk(name).mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._disk(name), old)
        self._processes[name] = self._start(name)
        self.calm(self.draw.uniform(4.0, 8.0))
        self._end(name)
        shutil.rmtree(self._disk(name), ignore_errors=True)
        shutil.move(old, self._disk(name))
        self._processes[name] = self._start(name)

    def twin(self) -> None:
        """Run a second process under the name of a risk worker, with a disk of its own."""
        name = self.draw.choice(RISK)
        twin = self._start(name, folder=self._folder / "twin")
        self.calm(self.draw.uniform(3.0, 10.0))
        twin.kill()
        twin.wait()

    def end(self) -> None:
        """End all in good order."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait()

    def kill_all(self) -> None:
        """End all in any case."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _end(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].wait()

    def _disk(self, name: str) -> Path:
        """Return where `start` puts the state of a process."""
        return self._folder / self._settings.group_prefix / name

    def _start(
        self, name: str, *, folder: Path | None = None, interval_ms: int | None = None
    ) -> subprocess.Popen[bytes]:
        with (self._folder / "fleet.log").open("ab") as log:
            return start(
                self._settings,
                folder or self._folder,
                ROLES[name],
                instance=name,
                log=log,
                session_timeout_ms=SESSION_MS,
                checkpoint_interval_ms=interval_ms or self.draw.choice(INTERVALS_MS),
                log_level="error",
            )
