"""Run several roles, each in its own process; when one exits, all stop.

Apart from run.py because nothing here knows what a role does.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing import connection, parent_process
from multiprocessing.context import SpawnProcess
from types import FrameType

from pipeline.errors import StartupError
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.children import spawn_context
from pipeline.streams.settings import Settings

__all__ = ["run_each"]

FAILED = 1
NOT_STARTED = 2
# A worker needs up to 100 s to commit, flush and leave its group.
STOP_SECONDS_MAX = 120.0

Run = Callable[[RoleName, Settings], int]  # Returns the exit code.


def run_each(roles: Sequence[RoleName], settings: Settings, *, run: Run) -> int:
    """Run every role until a signal arrives or one of them exits; then stop all.

    Return 0 if a signal was the cause and all exited cleanly, else the first failure's exit code.
    """
    stop = _Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    signal.signal(signal.SIGINT, stop.ask)
    children = [_start(role, _with_port(settings, place), run) for place, role in enumerate(roles)]
    first = _await_first_end(children, stop)
    if first:
        sys.stderr.write(
            f"riskgate: {first.name} exited, so all roles stop; its own log says why\n"
        )
    _end_all(children)
    return _exit_code(first, children)


def _exit_code(first: SpawnProcess | None, children: Sequence[SpawnProcess]) -> int:
    if first:
        return first.exitcode if first.exitcode and first.exitcode > 0 else FAILED
    # SIGTERM may reach a child before it has installed its handler.
    well = {0, -signal.SIGTERM}
    return 0 if all(child.exitcode in well for child in children) else FAILED


class _Stop:
    """Wakes the main thread, which waits for its children, when a signal arrives."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        os.write(self._writer, b".")


def _start(role: RoleName, settings: Settings, run: Run) -> SpawnProcess:
    child = spawn_context().Process(target=_child, args=(role, settings, run), name=role)
    child.start()
    return child


def _with_port(settings: Settings, place: int) -> Settings:
    port = settings.http_port + place if settings.http_port else 0
    return settings.model_copy(update={"http_port": port})


def _child(role: RoleName, settings: Settings, run: Run) -> None:
    # The parent receives Ctrl-C too and sends SIGTERM to each child, once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        code = run(role, settings)
    except StartupError as error:
        sys.stderr.write(f"riskgate: {error}\n")
        code = NOT_STARTED
    sys.exit(code)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _await_first_end(children: Sequence[SpawnProcess], stop: _Stop) -> SpawnProcess | None:
    """Wait for a signal or the first child that exits; return that child."""
    ready = connection.wait([stop.reader, *(child.sentinel for child in children)])
    return next((child for child in children if child.sentinel in ready), None)


def _end_all(children: Sequence[SpawnProcess]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
        if child.is_alive():
            child.kill()
            child.join()
