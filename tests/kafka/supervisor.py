"""What keeps workers alive where riskgate runs for real: one that stopped is started again."""

import threading
from types import TracebackType
from typing import Self

from tests.kafka.world import Worker, World

LOOK_EVERY_SECONDS = 0.2
STOPPED = 1  # The exit code of a worker that would not go on, and said why.
NOT_STARTED = 2  # Of one that was started again while no broker answered.


class Supervisor:
    """Start each role, and start it again when it stops by itself with its sentence."""

    def __init__(self, world: World, *roles: str) -> None:
        self._world = world
        self.workers: dict[str, Worker] = {role: world.run(role).ready() for role in roles}
        self.codes: list[int] = []  # Of every worker that stopped.
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY_SECONDS):
            for role, worker in self.workers.items():
                code = worker.process.poll()
                if code is not None:
                    self.codes.append(code)
                    self.workers[role] = self._world.run(role)
