"""Tables that fit a terminal: what matters least is left out, and the last line says so.

Apart from terminal.py because only commands that show the outputs need them. Cells come from
whoever wrote to Kafka, so control characters are escaped here as well.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.cli import terminal
from pipeline.cli.terminal import say_captured
from topics.text import visible

__all__ = ["Column", "say_fitted", "show_live"]

GAP = 2
FOLD_WIDTH_MIN = 20  # A text column folds to no less than this.


class Column(NamedTuple):
    """One column of a table."""

    name: str
    right: bool = False  # Numbers.
    rank: int = 0  # When there is no room, columns of the highest rank go first; 0 always stays.
    folds: bool = False  # Sentences: they continue on the next line.


Rows = Sequence[Sequence[str]]


def say_fitted(columns: Sequence[Column], rows: Rows) -> None:
    """Print a table on stdout; on a terminal it is not wider than that."""
    say_captured(*_parts(columns, rows, terminal.table_width()))


def show_live(columns: Sequence[Column], frames: Iterable[Rows]) -> None:
    """Show each frame in the place of the one before; without a terminal one after the other."""
    if not sys.stdout.isatty():
        for rows in frames:
            say_fitted(columns, rows)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for rows in frames:
            live.update(Group(*_parts(columns, rows, console.width)), refresh=True)


def _parts(columns: Sequence[Column], rows: Rows, width: int) -> list[Table | Text]:
    """Return the table, and a line about what it leaves out."""
    cells = [[visible(cell) for cell in row] for row in rows]
    kept = _fitting(columns, _widths(columns, cells), width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for place in kept:
        column = columns[place]
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*(row[place] for place in kept))
    hidden = [column.name for place, column in enumerate(columns) if place not in kept]
    if not hidden:
        return [table]
    return [table, Text(f"No room for: {', '.join(hidden)} (see --json)", style="dim")]


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """Return what each column needs; a text that folds needs little."""
    widths = []
    for place, column in enumerate(columns):
        widest = max([len(column.name), *(len(row[place]) for row in cells)])
        widths.append(min(widest, FOLD_WIDTH_MIN) if column.folds else widest)
    return widths


def _fitting(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    kept = list(range(len(columns)))
    while sum(widths[place] + GAP for place in kept) - GAP > width:
        last = max(kept, key=lambda place: (columns[place].rank, place))
        if columns[last].rank == 0:
            break  # The rest folds or is cut: an id must not be missing.
        kept.remove(last)
    return kept
