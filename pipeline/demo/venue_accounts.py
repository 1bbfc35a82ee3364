"""The paper venue's own accounting: positions and cash of each account, exact to the last digit.

Deliberately independent of riskgate's accounting: at the end of the demo the two are compared. Do
not import anything of pipeline/risk here.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from topics.fields import Side
from topics.fills import Fill

__all__ = ["Holding", "VenueAccounts"]

ZERO = Decimal(0)


class Holding(Struct):
    """One position; quantity and cost are signed, positive when long."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    filled_at_ms: int = 0

    @property
    def average_price(self) -> Decimal:
        """The average entry price, 0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO


class VenueAccounts:
    """Holdings and cash by account; every instrument is linear and has multiplier 1."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self._cash = dict(accounts)
        self._holdings: dict[str, dict[str, Holding]] = {account: {} for account in accounts}

    def apply(self, fill: Fill) -> None:
        """Book a fill."""
        account = fill.account_id
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        self._cash[account] = self.cash(account) - signed * fill.price - fill.fee
        holding = self._holdings.setdefault(account, {}).setdefault(fill.symbol, Holding())
        holding.cost = _cost_after(holding, signed, fill.price)
        holding.quantity += signed
        holding.filled_at_ms = fill.executed_at_ms

    def accounts(self) -> Iterator[str]:
        """Yield every account."""
        yield from self._cash

    def cash(self, account: str) -> Decimal:
        """Return the opening balance, 0 if unknown, less purchases and fees plus sales."""
        return self._cash.get(account, ZERO)

    def holdings(self, account: str) -> Mapping[str, Holding]:
        """Return the holdings of an account by symbol, flat ones included."""
        return self._holdings.get(account, {})

    def quantity(self, account: str, symbol: str) -> Decimal:
        """Return a signed quantity, 0 when flat."""
        holding = self._holdings[account].get(symbol)
        return holding.quantity if holding else ZERO

    def equity(self, account: str, marks: Mapping[tuple[str, Side], Decimal]) -> Decimal:
        """Return cash plus positions, each at the price at which it could be closed now.

        `marks`: by symbol and closing side.
        """
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
    return left * price  # Flat, or through zero: the rest opens at the fill's price.
