"""Which accounts the desk shows and in which order."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from pipeline.outputs.accounts import Distance, distance, is_within
from topics.account_states import AccountState

__all__ = ["SHOWN", "SORTS", "Choice", "DeskOrder", "desk_order"]

SHOWN = ("all", "stopped", "near", "unknown")
NEAR = Decimal("0.2")

Key = Callable[[AccountState], Decimal | int | str | None]
SORTS: dict[str, Key | None] = {
    "nearest": None,
    "account": lambda row: row.account_id,
    "equity": lambda row: row.equity,
    "day": lambda row: row.daily.pnl if row.daily else None,
    "week": lambda row: row.weekly.pnl if row.weekly else None,
    "drawdown": lambda row: row.drawdown_ratio,
    "exposure": lambda row: row.gross_exposure,
    "event": lambda row: row.at_ms,
}


class Choice(NamedTuple):
    """What of the accounts, as DeskQuery says it; pages apart."""

    show: str
    search: str
    sort: str
    descending: bool


class DeskOrder(NamedTuple):
    """The accounts that match, in order, and how many there are of each kind."""

    names: list[str]
    accounts: int
    stopped: int
    near: int


def desk_order(known: list[AccountState], choice: Choice) -> DeskOrder:
    """Choose and sort the rows of accounts."""
    placed = [(distance(row), row) for row in known]
    near = {row.account_id for place, row in placed if is_within(place, row, NEAR)}
    placed = [(place, row) for place, row in placed if _is_wanted(row, choice, near)]
    return DeskOrder(
        names=[row.account_id for row in _sorted(placed, choice)],
        accounts=len(known),
        stopped=sum(row.trading_state != "active" for row in known),
        near=len(near),
    )


def _is_wanted(row: AccountState, choice: Choice, near: set[str]) -> bool:
    if choice.show == "stopped" and row.trading_state == "active":
        return False
    if choice.show == "near" and row.account_id not in near:
        return False
    if choice.show == "unknown" and row.equity is not None:
        return False
    text = choice.search.casefold()
    if not text or text in row.account_id.casefold():
        return True
    return text in {(row.currency or "").casefold(), *map(str.casefold, row.watched)}


def _sorted(placed: list[tuple[Distance, AccountState]], choice: Choice) -> list[AccountState]:
    """Sort rows; what is unknown comes last in either direction."""
    key = SORTS[choice.sort]
    if key is None:
        placed.sort(key=lambda pair: pair[0], reverse=choice.descending)
        return [row for _, row in placed]
    rows = [row for _, row in placed]
    known = [(value, row) for row in rows if (value := key(row)) is not None]
    known.sort(key=lambda pair: (pair[0], pair[1].account_id), reverse=choice.descending)
    return [row for _, row in known] + [row for row in rows if key(row) is None]
