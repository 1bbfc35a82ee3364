"""A summary of a run as lines of text."""

from collections.abc import Iterator

from pipeline.backtest.summary import Counts, Money, Summary
from pipeline.outputs.words import count, figure, percent, pnl
from topics.text import visible

__all__ = ["summary_lines"]


def summary_lines(summary: Summary) -> Iterator[str]:
    """Yield the sums of all accounts, then each account if there are several."""
    yield f"{count(summary.events, 'event')} of {count(len(summary.accounts), 'account')}"
    yield _counts(summary)
    yield from map(_money, summary.money)
    if len(summary.accounts) > 1:
        for each in summary.accounts:
            yield f"{visible(each.account_id)}: {_counts(each)}; {_money(each.money)}"
    if summary.unfilled_exits:
        yield (
            f"{count(summary.unfilled_exits, 'exit')} found no price to fill at, so the positions "
            "stayed open"
        )


def _money(money: Money) -> str:
    if money.currency is None:
        return "no opening, so no PnL"
    return (
        f"{visible(money.currency)}: PnL {pnl(money.pnl)}, largest drawdown "
        f"{figure(money.drawdown)} ({percent(money.drawdown_ratio)}), prevented loss "
        f"{figure(money.prevented_loss)}"
    )


def _counts(counts: Counts) -> str:
    return (
        f"approved {counts.approved:,}, modified {counts.modified:,}, rejected "
        f"{counts.rejected:,}; {count(counts.stopped, 'emergency stop')}, "
        f"{count(counts.exits, 'exit')} by riskgate"
    )
