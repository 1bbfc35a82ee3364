"""A limit of memory for workers, as a container has one: who goes above it is killed."""

import threading
import time
from pathlib import Path
from typing import Self

from tests.kafka.world import Worker, World

LOOK_SECONDS = 0.01
PAGE_BYTES = 4096
MEBIBYTE = 1_048_576


class Limited:
    """Run a role, children included, in so many MiB; start it again whenever it ended.

    By resident memory, as the kernel's own killer counts it: what an address space merely
    reserves (stacks of threads, arenas) is several times that.
    """

    def __init__(self, world: World, role: str, *, mebibytes: int) -> None:
        self._world, self._role, self._most = world, role, mebibytes * MEBIBYTE
        self.worker: Worker = world.run(role).ready()
        self.deaths = 0
        self.most_bytes = 0  # Of a life that was not killed.
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            process = self.worker.process
            used = _resident_bytes(process.pid)
            if used > self._most:
                process.kill()
            else:
                self.most_bytes = max(self.most_bytes, used)
            if process.poll() is not None:
                self.worker = self._world.run(self._role)
                self.deaths += 1  # Who sees this finds the next life, not the one that ended.
                time.sleep(LOOK_SECONDS)


def _resident_bytes(pid: int) -> int:
    """Return what a process and its children hold; 0 once it is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        pages = int((folder / "statm").read_text().split()[1])
        children = [
            int(child)
            for listed in folder.glob("task/*/children")
            for child in listed.read_text().split()
        ]
    except OSError:
        return 0
    return pages * PAGE_BYTES + sum(map(_resident_bytes, children))
