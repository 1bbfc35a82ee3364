"""The paper venue's own books: what each account holds and its cash, to the last digit.

Apart from riskgate's accounting on purpose: at the end the two are compared.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from topics.fields import Side
from topics.fills import Fill

__all__ = ["Books", "Holding"]

ZERO = Decimal(0)


class Holding(Struct):
    """One position: quantity signed, cost what was paid for it."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    filled_at_ms: int = 0

    @property
    def average_price(self) -> Decimal:
        """0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO


class Books:
    """Holdings and cash by account; every instrument is linear with multiplier 1."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self._cash = dict(accounts)
        self._holdings: dict[str, dict[str, Holding]] = {account: {} for account in accounts}

    def apply(self, fill: Fill) -> None:
        """Book one fill."""
        account = fill.account_id
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        self._cash[account] -= signed * fill.price + fill.fee
        holding = self._holdings[account].setdefault(fill.symbol, Holding())
        holding.cost = _cost_after(holding, signed, fill.price)
        holding.quantity += signed
        holding.filled_at_ms = fill.executed_at_ms

    def accounts(self) -> Iterator[str]:
        """Name every account."""
        yield from self._cash

    def cash(self, account: str) -> Decimal:
        """Return the opening balance, less what was bought, plus what was sold, less fees."""
        return self._cash[account]

    def holdings(self, account: str) -> Mapping[str, Holding]:
        """Return what an account ever held, by symbol."""
        return self._holdings[account]

    def quantity(self, account: str, symbol: str) -> Decimal:
        """Return a signed quantity, 0 when flat."""
        holding = self._holdings[account].get(symbol)
        return holding.quantity if holding else ZERO

    def equity(self, account: str, marks: Mapping[tuple[str, Side], Decimal]) -> Decimal:
        """Value an account at the price at which each position could be closed."""
        equity = self._cash[account]
        for symbol, holding in self._holdings[account].items():
            if holding.quantity:
                side: Side = "sell" if holding.quantity > 0 else "buy"
                equity += holding.quantity * marks[symbol, side]
        return equity


def _cost_after(holding: Holding, signed: Decimal, price: Decimal) -> Decimal:
    held = holding.quantity
    if held * signed >= 0:
        return holding.cost + signed * price
    left = held + signed
    if left * held > 0:
        return holding.cost * left / held
    return left * price  # Flat, or through zero: the rest opens at this price.
