"""`make bench`: measure, print the table, and write it between the marks in README.md.

`python -m bench core` prints only what a signal costs in the core of the build that runs.
"""

import sys
from pathlib import Path

from bench.core import CoreFigures, measure_core, usual_rules
from bench.cpu import BUILD
from bench.cpu import main as core_costs
from bench.page import publish
from bench.pipeline import Measured, measure, row

README = Path(__file__).parent.parent / "README.md"


def main() -> None:
    """Measure and publish."""
    if sys.argv[1:] == ["core"]:
        core_costs()
        return
    name = f"{BUILD} core alone: 10 positions, 5 reservations"
    usual, every = measure_core(usual_rules()), measure_core()
    table = _table(
        [
            _core_row(f"{name}, the {len(usual.rules)} usual rules", usual),
            _core_row(f"{name}, all {len(every.rules)} rules", every),
            *measure(),
        ]
    )
    sys.stdout.write(table)
    publish(README, "bench", table)


def _core_row(what: str, core: CoreFigures) -> Measured:
    figures = f"{core.signals_per_second:,.0f} signals/s, state of {core.state_bytes:,} bytes"
    return row(what, figures)


def _table(rows: list[Measured]) -> str:
    lines = ["| measured | result | load |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.result} | {row.load:.1f} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
