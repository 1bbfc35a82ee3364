"""Cash by currency, folded anew from all fills that are not busted and from all flows."""

from decimal import Decimal

import pytest

from tests.spec.ledger.test_currency_model import CURRENCY, OPENING, Books, folded, worth

ZERO = Decimal(0)
ROUNDED = Decimal("1e-11")  # Coins are rounded at their 18th place, and one is worth 60 000.


class CashBooks(Books):
    """Two foreign instruments by currency, and flows of euros now and then."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, account={"cash": "by_currency"})
        self.flows = ZERO  # Of euros.
        self.put_in = Decimal(OPENING)  # Of all, each at the rate of its arrival.

    def act(self) -> None:
        """Let one thing happen, a flow of euros among them."""
        if self._random.random() < 0.2:
            amount = Decimal(self._random.randint(-500, 800))
            kind = "deposit" if amount > 0 else "withdrawal"
            self.desk.flow(kind, abs(amount), currency="EUR")
            self.flows += amount
            self.put_in += amount * self.rates["EUR"]
        super().act()

    def cash(self) -> dict[str, Decimal]:
        """Return the balance of each currency."""
        cash = {"USD": Decimal(OPENING), "EUR": self.flows, "BTC": ZERO}
        for symbol, fills in self.fills.items():
            for fill, (_, _, won) in zip(fills, folded(symbol, fills), strict=True):
                cash[CURRENCY[symbol]] += won
                paid = fill.message[3]
                fee, currency = Decimal(paid["fee"]), paid["fee_currency"]
                if currency == "U":
                    fee, currency = fee * fill.price * 2, CURRENCY[symbol]
                cash[currency] -= fee
        return cash

    def equity(self) -> Decimal:
        """Return what all cash and all positions come to at the rates of now."""
        rates = {"USD": Decimal(1), **self.rates}
        equity = sum((amount * rates[name] for name, amount in self.cash().items()), ZERO)
        for symbol, fills in self.fills.items():
            held, cost, _ = [(ZERO, ZERO, ZERO), *folded(symbol, fills)][-1]
            value = worth(symbol, held, self.marks[symbol]) - cost
            equity += value * rates[CURRENCY[symbol]]
        return equity


@pytest.mark.parametrize("seed", range(20))
def test_cash_and_equity_equal_the_model_after_any_history(seed: int) -> None:
    books = CashBooks(seed)

    for _ in range(30):
        books.act()
        state, cash = books.desk.state(), books.cash()

        found = {name: Decimal(amount) for name, amount in state["cash"].items()}
        assert all(abs(found.get(name, ZERO) - cash[name]) < Decimal("1e-15") for name in cash)
        assert abs(Decimal(state["equity"]) - books.equity()) < ROUNDED
        pnl = books.equity() - books.put_in
        assert abs(Decimal(state["daily"]["pnl"]) - pnl) < ROUNDED
