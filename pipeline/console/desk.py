"""The desk: a row per account, nearest to a stop first; filtered, sorted and cut into pages here,
so that a browser never sees more than one page of them.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import ceil

from msgspec import Struct

from pipeline.console.budget_views import GroupTotal
from pipeline.console.desk_order import Choice
from pipeline.console.limit_views import exposure_cap
from pipeline.console.model import Model
from pipeline.outputs.accounts import headrooms
from pipeline.outputs.words import state_words
from topics.account_states import AccountState

__all__ = ["SIZES", "Desk", "DeskQuery", "DeskRow", "LossBar", "desk", "desk_rows"]

SIZES = (25, 50, 100, 200)


class LossBar(Struct, frozen=True, kw_only=True):
    """How much of a loss limit is used up; 1 is all of it, and more than 1 beyond it."""

    rule: str
    used_ratio: Decimal


class OpenStop(Struct, frozen=True, kw_only=True):
    """A stop that is open; when it opened is null if its row is no longer known."""

    stop_id: str
    opened_at_ms: int | None


class DeskRow(Struct, frozen=True, kw_only=True):
    """An account at a glance; amounts are in its currency, null is unknown."""

    account_id: str
    state: str
    state_words: str
    currency: str | None
    equity: Decimal | None
    day_pnl: Decimal | None
    week_pnl: Decimal | None
    drawdown_ratio: Decimal | None
    losses: tuple[LossBar, ...]
    exposure: Decimal | None
    exposure_cap: Decimal | None
    stops: tuple[OpenStop, ...]
    rejected_last_hour: int
    limits_version: str
    at_ms: int


class DeskQuery(Struct, frozen=True, kw_only=True):
    """Which rows, in which order, and which page of them."""

    show: str = "all"  # One of SHOWN.
    search: str = ""  # Part of the account's name, a symbol that it watches, or its currency.
    sort: str = "nearest"  # One of SORTS.
    descending: bool = False
    page: int = 1
    size: int = 50


class Desk(Struct, frozen=True, kw_only=True):
    """One page, and how many accounts there are of each kind."""

    rows: tuple[DeskRow, ...]
    matching: int
    page: int
    pages: int
    accounts: int
    stopped: int
    near: int
    unreadable: tuple[str, ...]
    groups: tuple[GroupTotal, ...] = ()


def desk(
    model: Model, query: DeskQuery, now_ms: int, *, groups: tuple[GroupTotal, ...] = ()
) -> Desk:
    """Return one page of the accounts; a page behind the last one is the last one.

    groups: the budgets and what is used of them.
    """
    found = model.order_of(Choice(query.show, query.search, query.sort, query.descending))
    pages = max(1, ceil(len(found.names) / query.size))
    page = min(max(1, query.page), pages)
    begin = (page - 1) * query.size
    with model.lock:
        known = model.rows.accounts
        shown = [known[n] for n in found.names[begin : begin + query.size] if n in known]
        return Desk(
            rows=tuple(desk_rows(model, shown, now_ms)),
            matching=len(found.names),
            page=page,
            pages=pages,
            accounts=found.accounts,
            stopped=found.stopped,
            near=found.near,
            unreadable=tuple(sorted(model.rows.unreadable)),
            groups=groups,
        )


def desk_rows(model: Model, rows: Iterable[AccountState], now_ms: int) -> Iterator[DeskRow]:
    """Yield the rows of accounts."""
    for row in rows:
        name = row.account_id
        yield DeskRow(
            account_id=name,
            state=row.trading_state,
            state_words=state_words(row),
            currency=row.currency,
            equity=row.equity,
            day_pnl=row.daily.pnl if row.daily else None,
            week_pnl=row.weekly.pnl if row.weekly else None,
            drawdown_ratio=row.drawdown_ratio,
            losses=tuple(LossBar(rule=e.rule, used_ratio=1 - e.ratio) for e in headrooms(row)),
            exposure=row.gross_exposure,
            exposure_cap=exposure_cap(model.published, row),
            stops=tuple(
                OpenStop(stop_id=stop_id, opened_at_ms=model.opened_at_ms(name, stop_id))
                for stop_id in row.stops
            ),
            rejected_last_hour=model.refusals.of(name, now_ms),
            limits_version=row.limits_version,
            at_ms=row.at_ms,
        )
