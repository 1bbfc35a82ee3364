"""When a worker looks for garbage that only a collector finds: in small pieces, never by itself.

Python collects once so many more objects were made than freed. An account that changes is made
anew and its old record freed, so that comes rarely, and then all accounts that changed meanwhile
are looked through at once: ten thousand of ten positions took longer than a decision may. So what
is new is looked through every few turns, and what is left then is not looked at any more until the
worker owns nothing. What has no cycles, like accounts, is freed at once as ever.
"""

import gc
import time
from collections.abc import Callable

__all__ = ["Garbage", "collect_all"]

TURNS = 2  # Each applies twenty records at most; an account makes some tens of objects.
ALL_SECONDS = 600.0  # Between two looks at everything: they delay whoever takes partitions over.


class Garbage:
    """Collect in the thread that decides; construct in it, then call `turn` between records."""

    def __init__(self, owns: Callable[[], bool]) -> None:
        # Whether any partition is the worker's, so that a pause delays decisions.
        self._owns = owns
        self._turns = 0
        self._is_clean = True
        gc.disable()
        collect_all()  # What a life before this one left, too.
        self._all_due_s = time.monotonic() + ALL_SECONDS

    def turn(self) -> None:
        """Collect what is new every few turns, and everything, seldom, when nothing is owned."""
        self._turns += 1
        if self._turns >= TURNS:
            self._turns = 0
            gc.collect(0)
            gc.freeze()
        if self._owns():
            self._is_clean = False
        elif not self._is_clean and time.monotonic() >= self._all_due_s:
            self._is_clean = True
            collect_all()
            self._all_due_s = time.monotonic() + ALL_SECONDS


def collect_all() -> None:
    """Collect whatever there is, also what was not to be looked at any more."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
