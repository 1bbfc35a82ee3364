"""Desks in a known state, and what tests ask of them: each builder that more than one file uses."""

from typing import Any

from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only


def held_desk(quantity: int = 10, *, balance: int = 10_000, **rules: Any) -> Desk:
    """Return a desk that holds so many of X since 100."""
    desk = open_desk(only(**rules), balance=balance)
    desk.fill("buy", quantity, 100)
    return desk


def position_desk(held: int = 0, *, ratio: str = "0.1", balance: int = 1000) -> Desk:
    """Return a desk at a mark of 1 with a position, so that 0.1 of equity are 100 lots."""
    desk = open_desk(only(position_ratio={"position_ratio_max": ratio}), balance=balance, mark=1)
    if held:
        desk.fill("buy" if held > 0 else "sell", abs(held), 1)
    return desk


def two_symbols(**rule: Any) -> Desk:
    """Return a desk that holds 30 of A and 10 of B at 100, with 8000 besides."""
    desk = open_desk(only(gross_exposure=rule), balance=8000)
    for symbol, quantity in (("B", 10), ("A", 30)):
        desk.instrument(symbol)
        desk.price(100, symbol)
        desk.fill("buy", quantity, 100, symbol=symbol)
    return desk


def loss_desk(rule: str, loss: str, **parameters: object) -> Desk:
    """Return a desk of 10 000 that has lost an amount; above 0.02 of it, the rule only warns."""
    limit = {f"{rule}_ratio_max": "0.02", "on_breach": "warn", **parameters}
    desk = open_desk(only(**{rule: limit}))
    desk.lose(loss)
    return desk


def euro_desk(rate: str | None = "1.1", /, **rules: Any) -> Desk:
    """Return a desk in dollars with E, a coin in euros at 5, and a rate between them."""
    desk = open_desk(only(**rules))
    desk.instrument("EURUSD", base_currency="EUR", tick_size="0.0001")
    desk.instrument("E", settlement_currency="EUR", groups=["coins"])
    desk.price(5, "E")
    if rate is not None:
        desk.price(rate, "EURUSD")
    return desk


def unopened_desk(**rules: Any) -> Desk:
    """Return a desk whose account was never opened."""
    desk = Desk()
    desk.limits(only(**rules))
    desk.instrument()
    desk.price(100)
    return desk


def see_rate(desk: Desk, rate: str) -> None:
    """Let the account see another rate of the euro."""
    desk.wait(SECOND)
    desk.price(rate, "EURUSD")
    desk.signal("hold", symbol="E")


def entry(desk: Desk, quantity: int = 1, **fields: Any) -> Row:
    """Ask for an entry of X at 100 and return the decision."""
    return desk.signal("buy", quantity, limit_price="100", **fields)


def burst(desk: Desk, count: int) -> list[str]:
    """Send signals and return their verdicts."""
    return [entry(desk)["verdict"] for _ in range(count)]


def approved(desk: Desk, side: str = "buy", quantity: int = 10, price: str = "100") -> str:
    """Have an order approved and return its signal_id."""
    decision = desk.signal(side, quantity, limit_price=price)
    assert decision["verdict"] == "approved"
    signal_id: str = decision["signal_id"]
    return signal_id


def bought(desk: Desk, quantity: int = 10, **fields: Any) -> Row:
    """Have an entry of the gate filled at its limit of 100."""
    decision = entry(desk, quantity, **fields)
    desk.fill("buy", quantity, 100, signal_id=decision["signal_id"])
    return decision


def held(desk: Desk, symbol: str = "X") -> tuple[str, str, str]:
    """Return quantity, average price and realized PnL of a symbol."""
    row = desk.position(symbol)
    return row["quantity"], row["average_price"], row["realized_pnl"]


def symbols_closed(desk: Desk) -> list[tuple[str, str, str]]:
    """Return reason, symbol and quantity of every exit so far."""
    return [(row["reason"], row["symbol"], row["quantity"]) for row in desk.exits()]


def verdict_of(desk: Desk, account: str) -> str:
    """Return the verdict on a small order of an account."""
    verdict: str = desk.signal("buy", 1, limit_price="100", account_id=account)["verdict"]
    return verdict
