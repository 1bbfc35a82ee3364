"""CPU time of a signal through the core: decided, and decided and written as JSON.

`python -m bench core` prints it for the build that runs, pure or compiled. CPU time instead of wall
time, and the best of several rounds, so that other work of the machine changes little.
"""

import sys
import time
from decimal import setcontext
from itertools import cycle, islice
from typing import Any, NamedTuple

from bench.core import CoreBench, all_rules, usual_rules
from pipeline.risk.numbers import MONEY
from pipeline.risk.step import Arrival, step
from pipeline.risk.structs import COMPILED
from topics.codec import encode

__all__ = ["BUILD", "Cost", "costs", "main"]

BUILD = "compiled" if COMPILED else "pure"
SIGNALS = 2000
ROUNDS = 3


class Cost(NamedTuple):
    """Microseconds of CPU of one signal."""

    rules: str
    step: float
    with_encode: float


def costs() -> list[Cost]:
    """Measure with the usual rules and with all."""
    setcontext(MONEY)  # As a worker does.
    return [_cost("usual", usual_rules()), _cost("all", all_rules())]


def _cost(name: str, rules: dict[str, dict[str, Any]]) -> Cost:
    bench = CoreBench(rules)
    arrivals = bench.signals(1000)
    _spent_us(bench, arrivals, encodes=True)  # Caches of documents and checks fill.
    decided = min(_spent_us(bench, arrivals, encodes=False) for _ in range(ROUNDS))
    written = min(_spent_us(bench, arrivals, encodes=True) for _ in range(ROUNDS))
    return Cost(name, decided, written)


def _spent_us(bench: CoreBench, arrivals: list[Arrival], *, encodes: bool) -> float:
    started = time.process_time()
    for arrival in islice(cycle(arrivals), SIGNALS):
        for output in step(bench.account, bench.shared, arrival).outputs:
            if encodes:
                encode(output)
    return (time.process_time() - started) / SIGNALS * 1e6


def main() -> None:
    """Print a line for each set of rules: build, rules, microseconds."""
    for cost in costs():
        sys.stdout.write(f"{BUILD} {cost.rules} {cost.step:.1f} {cost.with_encode:.1f}\n")


if __name__ == "__main__":
    main()
