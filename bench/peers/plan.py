"""How much `make bench-peers` measures: enough for a page, or just enough to see that it works."""

from typing import NamedTuple

__all__ = ["FULL", "QUICK", "Plan"]


class Plan(NamedTuple):
    """Sizes of one run."""

    runs: int  # Of each side, in turns.
    core_signals: int  # Of one run of a core.
    signals: int  # Of one run of a process; each with the status of its order.
    rates: tuple[int, ...]  # Signals per second.
    seconds: int  # At each rate, in each run.


FULL = Plan(runs=5, core_signals=5000, signals=20_000, rates=(50, 200, 1000, 2000, 5000), seconds=3)
QUICK = Plan(runs=2, core_signals=200, signals=500, rates=(50,), seconds=2)
