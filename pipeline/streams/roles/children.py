"""Start Python children that import the same modules as this process, in any working directory.

By default Python looks for modules in the working directory first. That may be another project
with its own `pipeline` or `signal.py`.
"""

import os
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, SpawnContext

__all__ = ["python_command", "riskgate_command", "spawn_context", "warm_context"]


def python_command(*arguments: str) -> list[str]:
    """Return the command that runs this Python with these arguments."""
    return [sys.executable, "-P", *arguments]


def riskgate_command(*arguments: str) -> list[str]:
    """Return the command that runs riskgate."""
    return python_command("-m", "riskgate", *arguments)


def spawn_context() -> SpawnContext:
    """Return a context that runs functions in new processes.

    It spawns them, because librdkafka's threads do not survive a fork.
    """
    _set_safe_path()
    return get_context("spawn")


def warm_context(modules: Sequence[str]) -> ForkServerContext:
    """Return a context that forks each process from one that has imported these modules.

    That one calls nothing of them, so it has no client of Kafka whose threads a fork would lose.
    A child starts in milliseconds; for programs that start hundreds.
    """
    _set_safe_path()
    context = get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


def _set_safe_path() -> None:
    """Do the same as -P on a command line, for this process's children and their children."""
    os.environ["PYTHONSAFEPATH"] = "1"
