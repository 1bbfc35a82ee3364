"""The balance that each currency should have by our books, and its correction by a snapshot."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.ledger.cash import keeps_currency, note_adjusted
from pipeline.risk.ledger.money import Money, book_at, book_in_windows
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.cash import Cash
from pipeline.risk.turn import Turn


def expected_balance(turn: Turn, currency: str) -> Decimal | None:
    """Return the balance that a snapshot should show; None while it is unknown.

    On a cash account the cost of positions has been paid out of the balance.
    """
    account, capital = turn.account, turn.account.capital
    if account.currencies.by_currency:
        balance = account.currencies.cash.get(currency, ZERO)
        balance = capital.balance if currency == capital.currency else balance
        return balance - _spent(account, currency) if _is_cash(turn) else balance
    if account.currencies.unconverted:
        return None
    if not _is_cash(turn):
        return capital.balance
    held = [holding for holding in account.holdings.values() if holding.position.quantity]
    if any(holding.point_value is None for holding in held):
        return None
    costs = (
        holding.figures.cost if holding.position.quantity > ZERO else -holding.figures.cost
        for holding in held
    )
    return capital.balance - sum(costs, ZERO)


def _is_cash(turn: Turn) -> bool:
    return turn.limits.rule(Cash).enabled


def _spent(account: Account, currency: str) -> Decimal:
    """Return what positions cost in their settlement currency; shorts have brought in money."""
    spent = ZERO
    for holding in account.holdings.values():
        instrument = holding.instrument
        if instrument is not None and instrument.settlement_currency == currency:
            cost = holding.position.cost  # An inverse position's cost has the opposite sign.
            spent += -cost if holding.inverse is not None else cost * instrument.multiplier
    return spent


def adjust_balance(turn: Turn, currency: str, adjustment: Decimal, *, as_of_ms: int) -> None:
    """Realize the difference of a balance; fills up to as_of_ms then change only positions."""
    rate = fresh_rate(turn, currency)
    won = book_at(turn, Money("", currency, adjustment), rate=rate, counted=True)
    if won is not None:
        book_in_windows(turn, won, won)
    if keeps_currency(turn.account, currency):
        note_adjusted(turn, currency, as_of_ms)
    else:
        turn.set_capital(adjusted_ms=as_of_ms)
