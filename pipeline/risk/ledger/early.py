"""The opening books what fills realized before it."""

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding
from pipeline.risk.ledger.money import Money, book_in_windows, book_money
from pipeline.risk.turn import Turn


def open_early(turn: Turn) -> None:
    """Book what was realized before the opening, now that the account is open."""
    early = turn.account.capital.early
    turn.set_capital(early=())
    for each in early:
        money = Money(each.symbol, each.currency, each.amount)
        before = turn.account.holdings.get(each.symbol)
        won = book_money(turn, money, executed_ms=each.executed_ms)
        if won is not None:
            book_in_windows(turn, won, won)
        if each.ended and before is not None:
            _leave_out(turn, before)


def _leave_out(turn: Turn, before: Holding) -> None:
    """Let what was just realized not count in the result of the position that is open."""
    holding = turn.holding(before.symbol)
    if (levels := holding.stop_levels) is not None:
        realized = levels.realized + holding.realized - before.realized
        turn.replace_holding(replace(holding, stop_levels=replace(levels, realized=realized)))
