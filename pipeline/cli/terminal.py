"""Printing for all commands, with control characters escaped.

Ids and reasons come from whoever wrote to Kafka; an escape sequence in one must not control the
operator's terminal. Commands print through here and never call print or echo themselves.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from topics.text import visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["Screen", "say", "say_captured", "say_table", "table_width"]

TABLE_WIDTH_MAX = 10_000  # Wider than any table, so that rich never wraps or cuts a cell.


def say(text: str, *, err: bool = False) -> None:
    """Print lines on stdout, or on stderr, with control characters escaped."""
    typer.echo("\n".join(visible(line) for line in text.split("\n")), err=err)


def say_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, indent: int = 0) -> None:
    """Print a table on stdout with control characters escaped; the head is bold on a terminal."""
    # Imported here because rich is slow to import and most commands print no table.
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in head:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(visible(cell) for cell in row))
    console = Console(width=TABLE_WIDTH_MAX, highlight=False, markup=False, emoji=False)
    with console.capture() as printed:
        console.print(Padding(table, (0, 0, 0, indent), expand=False))
    # Not through `say`, which would escape rich's own codes; the cells are escaped already.
    for line in printed.get().splitlines():
        typer.echo(line.rstrip(), color=console.is_terminal)


def table_width() -> int:
    """Return the columns of the terminal; more than any table needs if stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else TABLE_WIDTH_MAX


def say_captured(*parts: "Table | Text") -> None:
    """Print parts of rich on stdout that escaped their cells themselves."""
    from rich.console import Console

    console = Console(width=table_width(), highlight=False, markup=False, emoji=False)
    with console.capture() as printed:
        for part in parts:
            console.print(part)
    for line in printed.get().splitlines():
        typer.echo(line.rstrip(), color=console.is_terminal)


class Screen:
    """Replace stdout's binary buffer when stdout is a terminal; a pipe gets the exact bytes."""

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Print lines, each of which ends with a newline."""
        for line in lines:
            say(line.decode(errors="backslashreplace").removesuffix("\n"))
