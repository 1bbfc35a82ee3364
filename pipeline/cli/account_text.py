"""An account as a row of a table, and in full."""

import time
from collections.abc import Iterator

from pipeline.cli.stop_text import STOP_COLUMNS, stop_cells
from pipeline.cli.tables import Column, say_fitted
from pipeline.cli.terminal import say
from pipeline.outputs.accounts import Rows, headrooms, unknowns
from pipeline.outputs.limit_words import in_force
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.stops import read_stops
from pipeline.outputs.words import age, figure, percent, pnl, state_words
from pipeline.streams.admin.limits_log import Published, published
from topics.account_states import AccountState

__all__ = ["ACCOUNT_COLUMNS", "account_cells", "say_in_full"]

ACCOUNT_COLUMNS = (
    Column("account"),
    Column("state"),
    Column("equity", right=True),
    Column("day", right=True, rank=1),
    Column("week", right=True, rank=4),
    Column("drawdown", right=True, rank=3),
    Column("headroom"),
    Column("exposure", right=True, rank=5),
    Column("stops", right=True, rank=6),  # The state says that there is one.
    Column("age", right=True, rank=2),
)
_POSITION_COLUMNS = (
    Column("symbol"),
    Column("quantity", right=True),
    Column("average price", right=True, rank=2),
    Column("mark", right=True),
    Column("mark is", right=True, rank=1),
    Column("unrealized", right=True),
    Column("realized", right=True, rank=3),
)
_ORDER_COLUMNS = (
    Column("order"),
    Column("side"),
    Column("quantity", right=True),
    Column("symbol"),
    Column("price", right=True, rank=1),
)
_LIMIT_COLUMNS = (Column("limit"), Column("value"), Column("from"), Column("left", right=True))


def account_cells(row: AccountState, now_ms: int) -> tuple[str, ...]:
    """Return the cells of ACCOUNT_COLUMNS."""
    return (
        row.account_id,
        state_words(row),
        figure(row.equity),
        pnl(row.daily.pnl if row.daily else None),
        pnl(row.weekly.pnl if row.weekly else None),
        percent(row.drawdown_ratio),
        _nearest(row),
        figure(row.gross_exposure),
        str(len(row.stops)),
        age(now_ms - row.at_ms),
    )


def say_in_full(reader: OutputReader, rows: Rows, account: str) -> None:
    """Print what is known of an account; first what is not."""
    row, now_ms = rows.accounts[account], time.time_ns() // 1_000_000
    say(f"{account}: {state_words(row)}")
    missing = list(unknowns(row, now_ms))
    for sentence in missing:
        say(f"  {sentence}")
    for line in _figures(row, now_ms):
        say(f"  {line}")
    stops = [stop for stop in read_stops(reader, rows, account=account) if stop.is_open]
    _section("Open stops", STOP_COLUMNS, [stop_cells(stop, now_ms) for stop in stops])
    _section("Limits in force", _LIMIT_COLUMNS, _limits(published(reader.broker.settings), row))
    _section("Positions", _POSITION_COLUMNS, list(_positions(row, now_ms)))
    _section("Orders reserved", _ORDER_COLUMNS, list(_orders(row)))


def _section(title: str, columns: tuple[Column, ...], rows: "list[tuple[str, ...]]") -> None:
    say("")
    say(f"{title}{'' if rows else ': none'}")
    if rows:
        say_fitted(columns, rows)


def _figures(row: AccountState, now_ms: int) -> Iterator[str]:
    currency = row.currency or "no currency"
    yield (
        f"equity {figure(row.equity)} {currency}, balance {figure(row.balance)}, "
        f"peak {figure(row.peak_equity)}, drawdown {percent(row.drawdown_ratio)}"
    )
    if row.daily and row.weekly:
        yield (
            f"day {row.daily.day}: {pnl(row.daily.pnl)} from {figure(row.daily.start_equity)}; "
            f"week {row.weekly.week}: {pnl(row.weekly.pnl)} "
            f"from {figure(row.weekly.start_equity)}"
        )
    for rule, equity in sorted(row.baselines.items()):
        yield f"{rule} measures from {figure(equity)}, the equity at its last resume"
    yield (
        f"exposure {figure(row.gross_exposure)}, net {figure(row.net_exposure)}, "
        f"{figure(row.worst_exposure)} if all orders fill"
    )
    levels = row.violations_last_hour.by_level
    if levels:
        counts = ", ".join(f"{number} {level}" for level, number in sorted(levels.items()))
        yield f"violations in the last hour: {counts}"
    yield (
        f"last event {age(now_ms - row.at_ms)} ago: sequence {row.sequence}, "
        f"limits {row.limits_version}, rules {row.rules_version}"
    )


def _limits(log: Published, row: AccountState) -> list[tuple[str, ...]]:
    return [
        (
            each.name,
            each.value,
            each.origin,
            "" if each.headroom_ratio is None else percent(each.headroom_ratio),
        )
        for each in in_force(log, row)
    ]


def _positions(row: AccountState, now_ms: int) -> Iterator[tuple[str, ...]]:
    as_of = {quote.symbol: quote.as_of_ms for quote in row.quotes}
    for item in row.positions:
        if not item.quantity:
            continue
        as_of_ms = as_of.get(item.symbol)
        yield (
            item.symbol,
            figure(item.quantity),
            figure(item.average_price),
            figure(item.mark_price),
            "-" if as_of_ms is None else f"{age(now_ms - as_of_ms)} old",
            pnl(item.unrealized_pnl),
            pnl(item.realized_pnl),
        )


def _orders(row: AccountState) -> Iterator[tuple[str, ...]]:
    for item in row.reservations:
        price = figure(item.price)
        yield item.signal_id, item.side, figure(item.quantity), item.symbol, price


def _nearest(row: AccountState) -> str:
    left = headrooms(row)
    return f"{percent(left[0].ratio)} {left[0].rule}" if left else "unknown"
