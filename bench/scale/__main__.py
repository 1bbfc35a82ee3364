"""`make bench-scale`: cost and memory with more accounts, positions, workers and history.

Each part publishes a table of its own. `--quick` runs small sizes, and publishes nothing.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from bench.page import publish
from bench.peers.builds import builds, path_of
from bench.peers.conditions import conditions
from bench.scale.accounts import accounts_table, measure_accounts
from bench.scale.core import imports_table, positions_table
from bench.scale.history import history_table, measure_history
from bench.scale.sharing import measure_sharing, sharing_table
from pipeline.local.kafka import LocalKafka

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
ACCOUNTS = (1000, 10_000, 100_000)
WORKERS = (1, 2, 4)
EVENTS = 1_000_000
SHARED_SIGNALS = 50_000
POSITION_SIGNALS = 1000
T = TypeVar("T")


def main() -> None:
    """Measure the chosen parts, print and publish them."""
    asked = _asked()
    chosen = builds(compiles=not (asked.quick or asked.pure))
    os.environ.update(path_of(chosen.names[0]))  # Of every child.
    for name in asked.parts:
        if name in WITHOUT_KAFKA:
            lines = list(WITHOUT_KAFKA[name](asked))
        else:
            with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
                lines = list(PARTS[name](kafka.bootstrap, Path(folder), asked))
        of_children = name != "positions"
        core = f"{chosen.names[0]} core." if of_children else "The core as installed."
        table = "\n".join([f"{conditions()} {core.capitalize()}", "", *lines]) + "\n"
        sys.stdout.write(f"{name}\n{table}")
        sys.stdout.flush()
        if not asked.quick:
            publish(PAGE, f"scale-{name}", table)


def _accounts(brokers: str, folder: Path, asked: argparse.Namespace) -> Iterable[str]:
    counts = asked.accounts or ((100,) if asked.quick else ACCOUNTS)
    return accounts_table(_said(measure_accounts(brokers, folder, counts)))


def _workers(brokers: str, folder: Path, asked: argparse.Namespace) -> Iterable[str]:
    signals = 500 if asked.quick else SHARED_SIGNALS
    return sharing_table(_said(measure_sharing(brokers, folder, WORKERS, signals=signals)))


def _history(brokers: str, folder: Path, asked: argparse.Namespace) -> Iterable[str]:
    events = asked.events or (2000 if asked.quick else EVENTS)
    return history_table(_said(measure_history(brokers, folder, events)))


def _positions(asked: argparse.Namespace) -> Iterable[str]:
    return positions_table(200 if asked.quick else POSITION_SIGNALS)


def _imports(_asked: argparse.Namespace) -> Iterable[str]:
    return imports_table()


PARTS: dict[str, Callable[[str, Path, argparse.Namespace], Iterable[str]]] = {
    "accounts": _accounts,
    "workers": _workers,
    "history": _history,
}
WITHOUT_KAFKA: dict[str, Callable[[argparse.Namespace], Iterable[str]]] = {
    "positions": _positions,
    "imports": _imports,
}
NAMES = [*PARTS, *WITHOUT_KAFKA]


def _said(rows: Iterable[T]) -> list[T]:
    """Collect rows that take minutes each, and show them as they come."""
    found = []
    for row in rows:
        sys.stderr.write(f"{row}\n")
        found.append(row)
    return found


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; publishes nothing")
    parser.add_argument("--pure", action="store_true", help="compile nothing, which takes minutes")
    parser.add_argument("--parts", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--accounts", nargs="+", type=int, help=f"default: {ACCOUNTS}")
    parser.add_argument("--events", type=int, help=f"of the history; default: {EVENTS}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
