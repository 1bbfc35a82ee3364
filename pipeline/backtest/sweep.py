"""One history under a grid of parameters, in parallel processes.

Each process decides the history once as it was, which every what-if needs, and then its share of
the points. A point is the same as a single replay with the same parameters set.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

from pipeline.backtest.answers import Answers
from pipeline.backtest.overrides import Overrides
from pipeline.backtest.runs import Run, answers_of
from pipeline.backtest.summary import Summary
from pipeline.errors import StartupError
from pipeline.replay.line_files import lines_of
from pipeline.risk.account.documents import Rules
from pipeline.streams.roles.children import spawn_context

__all__ = ["POINTS_MAX", "jobs_for", "sweep"]

POINTS_MAX = 10_000


def jobs_for(points: int) -> int:
    """Return how many processes decide so many points by default: one per core at most."""
    return min(points, os.cpu_count() or 1)


def sweep(
    file: Path, points: Sequence[Rules], *, limits: Path | None = None, jobs: int
) -> Iterator[Summary]:
    """Yield the summary of history as it was, then that of each point in order.

    Raise StartupError for a file or a parameter that is wrong, before any process starts where it
    can be known.
    """
    if len(points) > POINTS_MAX:
        raise StartupError(
            f"the grid has {len(points):,} points, more than {POINTS_MAX:,}; name fewer values"
        )
    for rules in points:
        Overrides(rules)
    pool = ProcessPoolExecutor(jobs, mp_context=spawn_context(), initializer=_begin)
    try:
        whole = pool.submit(_as_it_was, file, limits)
        each = [pool.submit(_point, file, limits, rules) for rules in points]
        yield whole.result()
        for future in each:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    logging.disable(logging.WARNING)  # Risk logs each stop.


@lru_cache(maxsize=1)  # In each process: its points share one history.
def _history(file: Path, limits: Path | None) -> tuple[Answers, Summary]:
    return answers_of(lines_of(file), limits)


def _as_it_was(file: Path, limits: Path | None) -> Summary:
    return _history(file, limits)[1]


def _point(file: Path, limits: Path | None, rules: Rules) -> Summary:
    run = Run(Overrides(rules), _history(file, limits)[0])
    for _ in run.play(lines_of(file), limits=limits):
        pass
    return run.summary()
