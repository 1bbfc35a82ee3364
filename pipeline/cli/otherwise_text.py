"""What other limits would have decided differently, as a table and as JSON."""

from pathlib import Path

from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.errors import StartupError
from pipeline.replay.later_marks import Difference
from pipeline.replay.otherwise import Otherwise, Total, totals
from topics.codec import encode, plain
from topics.text import visible

__all__ = ["print_otherwise", "write_json"]

VALUED = (
    "PnL assumes that each order filled at its limit price, or at the reference price then, and "
    "values it at the symbol's mark one day later, or at the last one; fees are not included. "
    "Both limits see the same recorded fills."
)
WIDTH = 120


class _Page(Struct, frozen=True, kw_only=True):
    compared: int
    valued: str
    totals: list[Total]
    differences: list[Difference]


def print_otherwise(found: Otherwise) -> None:
    """Print the differences, summed by account and rule."""
    console = Console(width=WIDTH, highlight=False, markup=False)
    table = Table(box=box.ASCII, show_edge=False)
    for name in ("account", "rule", "currency"):
        table.add_column(name)
    for name in ("stricter", "looser", "PnL of the difference", "not valued"):
        table.add_column(name, justify="right")
    for total in totals(found.differences):
        table.add_row(*_cells(total))
    if found.differences:
        console.print(table)
        console.print(VALUED, style="dim")
    console.print(
        f"{found.compared} decisions, exits and stops compared, {len(found.differences)} differ."
    )


def write_json(found: Otherwise, path: Path) -> None:
    """Write every difference in order of time, and their sums. Raise StartupError on failure."""
    page = _Page(
        compared=found.compared,
        valued=VALUED,
        totals=totals(found.differences),
        differences=found.differences,
    )
    try:
        path.write_bytes(encode(page) + b"\n")
    except OSError as error:
        raise StartupError(f"{path} cannot be written ({error.strerror}); name another") from error


def _cells(total: Total) -> list[str]:
    pnl = plain(total.pnl) if total.currency else "-"
    return [
        visible(total.account_id),
        visible(total.rule),
        visible(total.currency or "-"),
        str(total.stricter),
        str(total.looser),
        pnl,
        str(total.unvalued),
    ]
