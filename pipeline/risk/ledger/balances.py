"""What the balance of a currency should be by what was booked, and how a snapshot corrects it."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.ledger.cash import keeps_currency, note_adjusted
from pipeline.risk.ledger.money import Money, book_at, book_in_windows
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.cash import Cash
from pipeline.risk.turn import Turn


def expected_balance(turn: Turn, currency: str) -> Decimal | None:
    """Return what a snapshot should say; on a cash account what positions cost is spent.

    None while it is not known.
    """
    account = turn.account
    if account.by_currency:
        balance = account.cash.get(currency, ZERO)
        balance = account.balance if currency == account.currency else balance
        return balance - _spent(account, currency) if _is_cash(turn) else balance
    if account.unconverted:
        return None
    if not _is_cash(turn):
        return account.balance
    held = [holding for holding in account.holdings.values() if holding.position.quantity]
    if any(holding.point_value is None for holding in held):
        return None
    costs = (
        holding.figures.cost if holding.position.quantity > ZERO else -holding.figures.cost
        for holding in held
    )
    return account.balance - sum(costs, ZERO)


def _is_cash(turn: Turn) -> bool:
    return turn.limits.rule(Cash).enabled


def _spent(account: Account, currency: str) -> Decimal:
    """What positions that settle in a currency cost in it; a short one has brought its proceeds."""
    spent = ZERO
    for holding in account.holdings.values():
        instrument = holding.instrument
        if instrument is not None and instrument.settlement_currency == currency:
            cost = holding.position.cost  # Of an inverse one against the sign of what is held.
            spent += -cost if holding.inverse is not None else cost * instrument.multiplier
    return spent


def adjust_balance(turn: Turn, currency: str, adjustment: Decimal, *, as_of_ms: int) -> None:
    """Realize what a balance lacked; fills until then change the position only."""
    rate = fresh_rate(turn, currency)
    won = book_at(turn, Money("", currency, adjustment), rate=rate, counted=True)
    if won is not None:
        book_in_windows(turn, won, won)
    if keeps_currency(turn.account, currency):
        note_adjusted(turn, currency, as_of_ms)
    else:
        turn.set_and_revalue(adjusted_ms=as_of_ms)
