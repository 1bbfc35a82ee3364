"""CPU of a signal in riskgate's own core, without Kafka: as a program, so that each run is new.

Arguments: signals per run, and optionally a file to write the same events to, for the Java core.
Prints a line for each set of rules: its name, microseconds of `step`, of `step` and encode, of
decode, `step` and encode, and the sum of the quantities that one pass over the signals approves.
"""

import sys
import time
from collections.abc import Callable
from decimal import Decimal, setcontext
from itertools import cycle, islice
from pathlib import Path
from typing import Any, cast

from bench.core import CoreBench, all_rules, usual_rules
from pipeline.risk.numbers import MONEY
from pipeline.risk.step import Arrival, step
from topics.codec import encode, reader_of
from topics.decisions import Decision
from topics.events import Event

__all__ = ["approved_quantity", "best_us", "ways"]

SIGNALS = 1000  # Different ones.
ROUNDS = 3  # The best counts: other work of the machine only adds.
Way = Callable[[Arrival], object]
read_event = reader_of(cast("type[Event]", Event))


def main() -> None:
    """Measure both sets of rules and print them."""
    setcontext(MONEY)  # As a worker does.
    count = int(sys.argv[1])
    for name, rules in (("usual", usual_rules()), ("all", all_rules())):
        bench = CoreBench(rules)
        arrivals = bench.signals(SIGNALS)
        if sys.argv[2:] and name == "usual":
            _write(Path(sys.argv[2]), bench, arrivals)
        figures = [f"{best_us(way, arrivals, count):.2f}" for way in ways(bench)]
        line = " ".join([name, *figures, f"{approved_quantity(bench, arrivals):f}"])
        sys.stdout.write(f"{line}\n")


def ways(bench: CoreBench) -> tuple[Way, Way, Way]:
    """Return what is done with an arrival: step; step, encode; decode, step, encode."""

    def decide(arrival: Arrival) -> object:
        return step(bench.account, bench.shared, arrival)

    def write(arrival: Arrival) -> object:
        return [encode(row) for row in step(bench.account, bench.shared, arrival).outputs]

    def read(arrival: Arrival) -> object:
        return write(Arrival(read_event(arrival.content), arrival.content, arrival.at_ms))

    return decide, write, read


def best_us(way: Way, arrivals: list[Arrival], count: int) -> float:
    """Return microseconds of CPU per signal."""
    return min(_us(way, arrivals, count) for _ in range(ROUNDS))


def approved_quantity(bench: CoreBench, arrivals: list[Arrival]) -> Decimal:
    """Return the sum of what is approved, each signal on the same account."""
    outputs: list[Any] = [
        row for each in arrivals for row in step(bench.account, bench.shared, each).outputs
    ]
    rows = (row.approved_quantity for row in outputs if isinstance(row, Decision))
    return sum(rows, Decimal(0)).normalize()


def _us(way: Way, arrivals: list[Arrival], count: int) -> float:
    began = time.process_time()
    for arrival in islice(cycle(arrivals), count):
        way(arrival)
    return (time.process_time() - began) / count * 1e6


def _write(path: Path, bench: CoreBench, arrivals: list[Arrival]) -> None:
    signals = (arrival.content for arrival in arrivals)
    path.write_bytes(b"\n".join([*bench.contents, b"--", *signals]) + b"\n")


if __name__ == "__main__":
    main()
