"""Balance and equity in other currencies, folded anew from all fills that are not busted."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.spec.desk import open_desk
from tests.spec.rulebook import only

OPENING = 100_000
INVERSE = {"kind": "inverse", "base_currency": "BTC", "settlement_currency": "BTC"}
CURRENCY = {"E": "EUR", "I": "BTC"}  # E: linear, 2 of it a contract, base U; I: inverse, 100.


class Filled(NamedTuple):
    """A fill and the rates of its moment."""

    quantity: Decimal  # Signed; less what the fee took in units.
    price: Decimal
    fee: Decimal  # In the account's currency.
    rate: Decimal
    message: tuple[Any, ...]


def worth(symbol: str, quantity: Decimal, price: Decimal) -> Decimal:
    """Return what a position is worth in its currency."""
    return quantity * price * 2 if symbol == "E" else -quantity * 100 / price


def folded(symbol: str, fills: list[Filled]) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """Return quantity, cost and what was won after each fill."""
    held = cost = Decimal(0)
    for fill in fills:
        opens = not held or (held > 0) == (fill.quantity > 0)
        closed = Decimal(0) if opens else min(abs(held), abs(fill.quantity))
        closed = closed.copy_sign(held)
        part = cost * closed / held if held else Decimal(0)
        won = worth(symbol, closed, fill.price) - part if closed else Decimal(0)
        more = fill.quantity + closed
        held += fill.quantity
        cost = (cost - part if held else Decimal(0)) + (
            worth(symbol, more, fill.price) if more else 0
        )
        yield held, cost, won


class Books:
    """A desk with two foreign instruments, whose fills come and are busted at moving rates."""

    def __init__(self, seed: int, **groups: dict[str, Any]) -> None:
        self._random = Random(seed)
        self.desk = desk = open_desk(only() | groups, balance=OPENING, mark=None)
        desk.instrument("EUR-USD", base_currency="EUR")
        desk.instrument("BTC-USD", base_currency="BTC")
        desk.instrument("E", settlement_currency="EUR", base_currency="U", multiplier="2")
        desk.instrument("I", multiplier="100", **INVERSE)
        self.fills: dict[str, list[Filled]] = {"E": [], "I": []}
        self._count = 0
        self._quote()

    def act(self) -> None:
        """Let one thing happen, and show the account the newest of everything."""
        act = self._random.choice([self._quote, self._fill, self._fill, self._bust])
        act()
        for symbol in self.fills:
            self.desk.signal("hold", symbol=symbol)

    def expected(self) -> tuple[Decimal, Decimal]:
        """Return balance and equity."""
        balance, unrealized = Decimal(OPENING), Decimal(0)
        for symbol, fills in self.fills.items():
            steps = list(folded(symbol, fills))
            for fill, (_, _, won) in zip(fills, steps, strict=True):
                balance += won * fill.rate - fill.fee
            held, cost, _ = steps[-1] if steps else (Decimal(0),) * 3
            value = worth(symbol, held, self.marks[symbol]) - cost
            unrealized += value * self.rates[CURRENCY[symbol]]
        return balance, balance + unrealized

    def _quote(self) -> None:
        draw = self._random.randint
        self.rates = {"EUR": Decimal(draw(100, 150)) / 100, "BTC": Decimal(draw(300, 600) * 100)}
        self.marks = {"E": Decimal(draw(4500, 5500)) / 100, "I": Decimal(draw(300, 600) * 100)}
        for currency, rate in self.rates.items():
            self.desk.price(rate, f"{currency}-USD")
        for symbol, mark in self.marks.items():
            self.desk.price(mark, symbol)

    def _fill(self) -> None:
        draw, symbol = self._random, self._random.choice(list(self.fills))
        side, quantity = draw.choice(["buy", "sell"]), Decimal(draw.randint(1, 100))
        currency = draw.choice(["EUR", "USD", "BTC", "U" if symbol == "E" else "BTC"])
        fee = Decimal(draw.choice(["0", "0.01", "-0.002"]))
        price, rate = self.marks[symbol] - draw.randint(-2, 2), self.rates[CURRENCY[symbol]]
        self._count += 1
        names = {"symbol": symbol, "fill_id": f"f{self._count}"}
        paid = {"fee": str(fee), "fee_currency": currency}
        self.desk.fill(side, quantity, price, **names, **paid)
        moved = quantity if side == "buy" else -quantity
        units = fee if currency == "U" else Decimal(0)
        value = units * price * 2 * rate + (fee - units) * (self.rates | {"USD": 1}).get(
            currency, 0
        )
        message = (side, quantity, price, names | paid)
        self.fills[symbol].append(Filled(moved - units, price, value, rate, message))

    def _bust(self) -> None:
        symbol = self._random.choice(list(self.fills))
        if self.fills[symbol]:
            fill = self._random.choice(self.fills[symbol])
            self.fills[symbol].remove(fill)
            self.desk.fill(*fill.message[:3], **fill.message[3], kind="bust")


@pytest.mark.parametrize("seed", range(20))
def test_balance_and_equity_are_as_folded_anew_after_any_fills_and_busts(seed: int) -> None:
    books = Books(seed)

    for _ in range(30):
        books.act()
        state, (balance, equity) = books.desk.state(), books.expected()

        assert abs(Decimal(state["balance"]) - balance) < Decimal("1e-15")
        assert abs(Decimal(state["equity"]) - equity) < Decimal("1e-15")
