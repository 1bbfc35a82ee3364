"""Start Python children that import the same modules as this process, in any working directory.

By default Python looks for modules in the working directory first. That may be another project
with its own `pipeline` or `signal.py`.
"""

import os
import sys
from multiprocessing import get_context
from multiprocessing.context import SpawnContext

__all__ = ["python_command", "riskgate_command", "spawn_context"]


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
    # The same as -P on a command line, for this process's children and their children.
    os.environ["PYTHONSAFEPATH"] = "1"
    return get_context("spawn")
