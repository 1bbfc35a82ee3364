"""CPU time of a process, user and system, as Linux counts it."""

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Spent", "busiest_thread", "resident_mib", "spent_by"]

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """Microseconds of CPU since the start of a process: of all its threads, and of one."""

    process_us: float
    thread_us: float


def spent_by(pid: int, thread: int) -> Spent:
    """Return what a process and one of its threads spent so far."""
    return Spent(_ticks_us(Path(f"/proc/{pid}")), _ticks_us(Path(f"/proc/{pid}/task/{thread}")))


def busiest_thread(pid: int, name: str) -> int:
    """Return the thread that spent most of those whose name begins so. Raise LookupError.

    Linux keeps 15 characters of a name, and several of Java's threads share those.
    """
    tasks = Path(f"/proc/{pid}/task").iterdir()
    named = [task for task in tasks if (task / "comm").read_text().startswith(name)]
    if not named:
        raise LookupError(f"process {pid} has no thread named {name}…")
    return int(max(named, key=_ticks_us).name)


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} has no memory")


def _ticks_us(folder: Path) -> float:
    # The name of the program may hold blanks; what follows it does not.
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) * TICK_US
