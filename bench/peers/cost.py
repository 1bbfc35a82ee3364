"""CPU per event of each side: all live at once and take turns; who waits spends next to nothing.

A side is frozen while its events are written, so it finds them all, as after a pause of the market.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from bench.peers.agreement import check_agreement
from bench.peers.plan import Plan
from bench.peers.sides import Place, Side, started

__all__ = ["Cost", "Costs", "measure_costs"]

SETTLE_SECONDS = 1.5  # Until the last commit or checkpoint; its cost is part of the work.
SECONDS_MAX = 300.0


class Cost(NamedTuple):
    """One run: microseconds of CPU per event, and events per second of wall time."""

    process_us: float
    thread_us: float
    rate: float


Costs = dict[str, list[Cost]]  # By side, in order of the runs.


def measure_costs(names: Sequence[str], place: Place, plan: Plan) -> Costs:
    """Run the sides in turns and return their costs."""
    costs: Costs = {name: [] for name in names}
    with ExitStack() as stack:
        sides = [stack.enter_context(started(name, place)) for name in names]
        check_agreement(sides)
        for side in sides:  # Compilers and caches warm up.
            run(side, plan.signals)
        for _ in range(plan.runs):
            for side in sides:
                costs[side.name].append(run(side, plan.signals))
    return costs


def run(side: Side, signals: int) -> Cost:
    """Let a side work off a batch."""
    side.freeze()
    before, began = side.feed.written, side.spent()
    side.feed.refresh()
    side.feed.ask(signals)
    events = side.feed.written - before
    side.thaw()
    rows = side.take(events if side.answers_all else signals, seconds_max=SECONDS_MAX)
    time.sleep(SETTLE_SECONDS)
    ended = side.spent()
    times_ms: list[int] = [row.timestamp()[1] for row in rows]
    return Cost(
        process_us=(ended.process_us - began.process_us) / events,
        thread_us=(ended.thread_us - began.thread_us) / events,
        rate=1000 * events / max(1, max(times_ms) - min(times_ms)),
    )
