"""`make bench-sweep`: a hundred settings over a day of the demo, and each of them replayed alone.

The demo trades, its log is recorded, and one `riskgate sweep` tries the grid with a process per
core. Then every point is a `riskgate replay --summary` of its own; the numbers must be the same.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple, TypeVar

import orjson
from rich.console import Console

from pipeline.demo.environment import Environment
from pipeline.demo.market import load_days
from pipeline.demo.session import HISTORY_DAYS, Session
from pipeline.demo.show import DAYS, PAIRS
from pipeline.demo.stay import NAMES
from pipeline.demo.traders import make_traders
from pipeline.demo.view import View
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import variable

LOSSES = ("0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07", "0.08", "0.09", "0.10")
ORDERS = ("0.02", "0.05", "0.08", "0.10", "0.12", "0.15", "0.18", "0.20", "0.25", "0.30")
GRID = {"daily_loss.daily_loss_ratio_max": LOSSES, "order_ratio.order_ratio_max": ORDERS}
CORES = os.cpu_count() or 1
Point = Mapping[str, str]
Summary = dict[str, object]
T = TypeVar("T")


class Spent(NamedTuple):
    """What one way took."""

    wall_s: float
    cpu_s: float

    def text(self) -> str:
        """Say it in minutes and cores."""
        cores = self.cpu_s / self.wall_s
        return f"{self.wall_s / 60:.1f} min, {self.cpu_s / 60:.1f} min of CPU, {cores:.2f} cores"


def main() -> None:
    """Trade, record, sweep, replay each point, compare."""
    asked = argparse.ArgumentParser(description="A hundred settings over a day of the demo.")
    asked.add_argument("--days", type=int, default=DAYS, help="trading days of the demo")
    days: int = asked.parse_args().days
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history.jsonl"
        _record(history, days, console)
        points = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
        swept, sweep = _timed(lambda: _sweep(history))
        alone, singles = _timed(lambda: _replays(history, points))
        events = swept[0]["events"]
    same = sum(one == other for one, other in zip(swept[1:], alone, strict=True))
    for line in (
        f"{events:,} events, load {os.getloadavg()[0]:.1f}, {CORES} cores",
        f"sweep over {len(points)} settings: {sweep.text()}",
        f"{len(points)} single replays, {CORES} at once: {singles.text()}",
        f"the same numbers: {same} of {len(points)}",
    ):
        console.print(line)
    sys.exit(same != len(points))


def _record(history: Path, trading_days: int, console: Console) -> None:
    """Let the demo trade, and write its log to a file."""
    days = load_days(HISTORY_DAYS + trading_days)
    with Environment(console.print) as environment:
        environment.roles.await_ready()
        Session(environment, days, traders=make_traders(PAIRS), view=View(console)).run()
        settings = environment.settings
        named = {variable(name): str(getattr(settings, name)) for name in NAMES}
        _riskgate("record", str(history), environment={**os.environ, **named})


def _sweep(history: Path) -> list[Summary]:
    grid = [
        word for name, values in GRID.items() for word in ("--set", f"{name}={','.join(values)}")
    ]
    lines = _riskgate("sweep", str(history), *grid, "--json").splitlines()
    return [orjson.loads(line)["summary"] for line in lines]


def _replays(history: Path, points: Sequence[Point]) -> list[Summary]:
    """Replay each point alone, as many at once as there are cores."""
    with ThreadPoolExecutor(CORES) as pool:
        return list(pool.map(lambda point: _replay(history, point), points))


def _replay(history: Path, point: Point) -> Summary:
    chosen = [word for name, value in point.items() for word in ("--set", f"{name}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        page, lines = Path(folder) / "summary.json", Path(folder) / "lines.jsonl"
        out = ("--summary", "--json", str(page), "--out", str(lines))
        _riskgate("replay", str(history), *chosen, *out)
        summary: Summary = orjson.loads(page.read_bytes())
    return summary


def _riskgate(*words: str, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        riskgate_command(*words), env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def _timed(work: Callable[[], T]) -> tuple[T, Spent]:
    """Return what the work made, and what its processes took."""
    started_s, cpu_s = time.perf_counter(), _cpu_s()
    made = work()
    return made, Spent(time.perf_counter() - started_s, _cpu_s() - cpu_s)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
