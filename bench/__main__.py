"""`make bench`: measure, print the table, and put it between the marks in README.md."""

import sys
from pathlib import Path

from bench.core import CoreFigures, measure_core, usual_rules
from bench.pipeline import Measured, measure, row

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def main() -> None:
    """Measure and publish."""
    name = "core alone: 10 positions, 5 reservations"
    usual, every = measure_core(usual_rules()), measure_core()
    table = _table(
        [
            _core_row(f"{name}, the {len(usual.rules)} usual rules", usual),
            _core_row(f"{name}, all {len(every.rules)} rules", every),
            *measure(),
        ]
    )
    sys.stdout.write(table)
    if README.exists():
        README.write_text(_replaced(README.read_text(), table))


def _core_row(what: str, core: CoreFigures) -> Measured:
    figures = f"{core.signals_per_second:,.0f} signals/s, state of {core.state_bytes:,} bytes"
    return row(what, figures)


def _table(rows: list[Measured]) -> str:
    lines = ["| measured | result | load |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.result} | {row.load:.1f} |" for row in rows]
    return "\n".join(lines) + "\n"


def _replaced(text: str, table: str) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{table}{end}{after}" if begin and end else text


if __name__ == "__main__":
    main()
