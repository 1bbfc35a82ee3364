"""What a sweep found: a table, lines of JSON, CSV, and a page with a plot."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from pipeline.backtest.summary import AMOUNTS, COUNTS, Money, Summary
from pipeline.cli.tables import Column, say_fitted
from pipeline.cli.terminal import say
from pipeline.cli.value_lists import Point
from pipeline.outputs.words import figure, percent, pnl
from pipeline.replay.line_files import written
from topics.codec import encode, plain

__all__ = ["Row", "print_json", "print_table", "write_csv", "write_plot"]

AS_RECORDED = "as recorded"


class Row(NamedTuple):
    """One point; None is history as it was."""

    point: Point | None
    summary: Summary

    def money(self) -> Sequence[Money]:
        """Return the amounts by currency; at least one."""
        return self.summary.money or [Money(currency=None)]


class _Line(Struct, kw_only=True):
    set: dict[str, str] | None  # None: as recorded.
    summary: Summary


def print_table(names: Sequence[str], rows: Sequence[Row]) -> None:
    """Print one line for each point and currency."""
    columns = [
        *(Column(name, right=True) for name in names),
        *(Column(name, right=True, rank=1 if name == "exits" else 0) for name in COUNTS),
        Column("currency", rank=2),
        *(Column(name, right=True) for name in ("PnL", "drawdown", "of equity", "prevented loss")),
    ]
    say_fitted(columns, [cells for row in rows for cells in _cells(names, row)])


def print_json(names: Sequence[str], rows: Sequence[Row]) -> None:
    """Print one line for each point, with the whole summary."""
    for row in rows:
        chosen = None if row.point is None else dict(zip(names, row.point, strict=True))
        say(encode(_Line(set=chosen, summary=row.summary)).decode())


def write_csv(path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Write one line for each point and currency, with exact numbers.

    Raise StartupError when it cannot be written.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*names, *COUNTS, *AMOUNTS])
    for row in rows:
        for money in row.money():
            values = msgspec.structs.asdict(money)
            lines.writerow(
                [
                    *_point(names, row),
                    *(getattr(row.summary, name) for name in COUNTS),
                    money.currency or "",
                    *(plain(values[name]) for name in AMOUNTS[1:]),
                ]
            )
    with written(path) as file:
        file.write(text.getvalue().encode())


def write_plot(path: Path, names: Sequence[str], rows: Sequence[Row], *, source: str) -> None:
    """Write a page with a plot for each currency. Raise StartupError when it cannot be written."""
    from pipeline.backtest.sweep_page import Outcome, sweep_page

    outcomes = [
        Outcome(dict(zip(names, row.point, strict=True)) if row.point else {}, row.summary)
        for row in rows
    ]
    with written(path) as file:
        file.write(sweep_page(outcomes, source=source).encode())


def _cells(names: Sequence[str], row: Row) -> Iterator[list[str]]:
    for money in row.money():
        yield [
            *_point(names, row),
            *(f"{getattr(row.summary, name):,}" for name in COUNTS),
            money.currency or "-",
            pnl(money.pnl),
            figure(money.drawdown),
            percent(money.drawdown_ratio),
            figure(money.prevented_loss),
        ]


def _point(names: Sequence[str], row: Row) -> Sequence[str]:
    return [AS_RECORDED] * len(names) if row.point is None else row.point
