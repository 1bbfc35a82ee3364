"""A page of a sweep: PnL over drawdown, a point for each combination, and all figures below.

It opens offline without a script. The values come from a history that may hold anybody's text, so
the template escapes all of it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.backtest.summary import COUNTS, Money, Summary
from pipeline.report.charts import Drawing, Point, scatter
from pipeline.report.templates import template
from topics.codec import plain

__all__ = ["Outcome", "sweep_page"]

HERE = Path(__file__).parent
RECORDED, TRIED = "#b5452c", "#2f6fb0"
HEAD = ("", *COUNTS, "PnL", "drawdown", "prevented loss")


class Outcome(NamedTuple):
    """One combination of values, and what it made; none: the history as it was."""

    values: dict[str, str]
    summary: Summary

    @property
    def name(self) -> str:
        """Say which values they are."""
        chosen = (f"{name} = {value}" for name, value in self.values.items())
        return ", ".join(chosen) or "as recorded"


class _Currency(NamedTuple):
    name: str
    chart: Drawing
    rows: list[list[str]]


def sweep_page(outcomes: Sequence[Outcome], *, source: str) -> str:
    """Return the page; source: the name of the history."""
    return template("sweep_page.html.j2", folder=HERE).render(
        source=source,
        count=len(outcomes) - 1,
        head=HEAD,
        currencies=list(_currencies(outcomes)),
        recorded=RECORDED,
        tried=TRIED,
    )


def _currencies(outcomes: Sequence[Outcome]) -> Iterator[_Currency]:
    """Yield a plot for each currency; an account without an opening has none."""
    names = {money.currency for outcome in outcomes for money in outcome.summary.money}
    for name in sorted(name for name in names if name is not None):
        found = [
            (outcome, money)
            for outcome in outcomes
            for money in outcome.summary.money
            if money.currency == name
        ]
        # The history as it was comes last, so that no other point hides it.
        points = [_point(*pair) for pair in reversed(found)]
        yield _Currency(name, scatter(points), [_row(*pair) for pair in found])


def _point(outcome: Outcome, money: Money) -> Point:
    color = TRIED if outcome.values else RECORDED
    text = f"{outcome.name}: PnL {plain(money.pnl)}, drawdown {plain(money.drawdown)}"
    return Point(float(money.drawdown), float(money.pnl), color, text)


def _row(outcome: Outcome, money: Money) -> list[str]:
    counts = (getattr(outcome.summary, name) for name in COUNTS)
    amounts = (money.pnl, money.drawdown, money.prevented_loss)
    return [outcome.name, *(f"{count:,}" for count in counts), *map(plain, amounts)]
