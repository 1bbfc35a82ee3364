"""How a Python child is started: it imports what this process does, wherever it is started.

By itself Python looks into the folder it is started in first, and that may be another project's
with a `pipeline`, or a `signal.py`, of its own.
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
    """Return what starts a function in a process of its own.

    Spawned, not forked: librdkafka and its threads do not survive a fork.
    """
    # What -P is on a command line, for this process's children and theirs.
    os.environ["PYTHONSAFEPATH"] = "1"
    return get_context("spawn")
