"""A desk with one account: it sends inputs at a moving clock and reads, as JSON, what comes out."""

import json
from decimal import Decimal
from itertools import count
from typing import Any

from pipeline.risk.account.holding import Holding
from pipeline.streams.settings import Settings
from tests.driver import Driver
from tests.spec.rulebook import Rules
from topics.codec import encode

Row = dict[str, Any]
Amount = str | int | Decimal

# Wednesday 2026-01-07, 12:00 UTC.
NOON = 1_767_787_200_000
SECOND = 1000
MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000
ACCOUNT = "acct-1"


class Desk:
    """Sends inputs of one account; what a call brings out it returns, and `sent` keeps all."""

    def __init__(
        self, account: str = ACCOUNT, *, now_ms: int = NOON, settings: Settings | None = None
    ) -> None:
        self.account = account
        self.out: list[tuple[str, Row]] = []
        self.sends: list[tuple[str, bytes | None, int, bytes | None]] = []
        self.driver = Driver(settings=settings)
        self.driver.now_ms = now_ms
        self._number = count(1)
        self._versions = count(1)

    @property
    def now_ms(self) -> int:
        """Return the time of the next message."""
        return self.driver.now_ms

    def sent(self, topic: str) -> list[Row]:
        """Return all rows of an output topic so far."""
        return [row for name, row in self.out if name == topic]

    def alerts(self, rule: str) -> list[Row]:
        """Return the alerts of a rule so far."""
        return [row for row in self.sent("alerts") if row["rule"] == rule]

    def exits(self) -> list[Row]:
        """Return the exits so far."""
        return [row for row in self.sent("decisions") if row["kind"] == "exit"]

    def closed(self) -> list[tuple[str, str, str]]:
        """Return reason, side and quantity of every exit so far."""
        return [(row["reason"], row["side"], row["quantity"]) for row in self.exits()]

    def stops(self) -> list[tuple[str, str]]:
        """Return rule and status of every row of emergency_stops so far."""
        return [(row["rule"], row["status"]) for row in self.sent("emergency_stops")]

    def state(self, account: str | None = None) -> Row:
        """Return the account's state now."""
        self.wait(0)
        state: Row = json.loads(encode(self.driver.state(account or self.account)))
        return state

    def position(self, symbol: str = "X") -> Row:
        """Return the account's position in a symbol now."""
        return next(row for row in self.state()["positions"] if row["symbol"] == symbol)

    def holding(self, symbol: str = "X") -> Holding:
        """Return all that the account keeps of a symbol, which no output shows."""
        return self.driver.accounts[self.account].holdings.get(symbol, Holding(symbol))

    def reserved(self) -> dict[str, str]:
        """Return what is reserved now, by signal."""
        return {row["signal_id"]: row["quantity"] for row in self.state()["reservations"]}

    def wait(self, milliseconds: int) -> list[tuple[str, Row]]:
        """Let time pass; revaluations that fall due come."""
        before = len(self.driver.lines)
        self.driver.wait(milliseconds)
        return self._read(before)

    def see(self, *marks: Amount, symbol: str = "X") -> None:
        """Let marks come, each with its revaluation, however little it moved."""
        for mark in marks:
            self.price(mark, symbol)
            self.wait(20 * SECOND)

    def send(
        self, topic: str, value: Row | bytes | None, key: str | bytes | None = ""
    ) -> list[Row]:
        """Send a message as it is; without a key, by the one its body calls for."""
        if key == "" and isinstance(value, dict):
            key = value.get("symbol") if topic in {"prices", "instruments"} else value["account_id"]
        encoded = json.dumps(value).encode() if isinstance(value, dict) else value
        named = key.encode() if isinstance(key, str) else key
        self.sends.append((topic, named, self.now_ms, encoded))
        before = len(self.driver.lines)
        self.driver.feed(topic, named, encoded)
        return [row for _, row in self._read(before)]

    def _read(self, before: int) -> list[tuple[str, Row]]:
        lines = self.driver.lines[before:]
        rows = [(line.topic, json.loads(line.value or b"null")) for line in lines]
        self.out += rows
        return rows

    def limits(
        self, rules: Rules, *, account: str = "*", version: int | None = None, **fields: Any
    ) -> list[Row]:
        """Publish limits."""
        document = {
            "account_id": account,
            "version": version or next(self._versions),
            "author": "desk",
            "reason": "test",
            "rules": rules,
        }
        return self.send("limits", document | fields)

    def instrument(self, symbol: str = "X", **fields: Any) -> list[Row]:
        """Publish an instrument: cents, lots of 1, unless said otherwise."""
        known = {
            "symbol": symbol,
            "settlement_currency": "USD",
            "tick_size": "0.01",
            "lot_size": "1",
            "min_quantity": "1",
        }
        return self.send("instruments", known | fields)

    def price(self, mark: Amount | None = None, symbol: str = "X", **fields: Any) -> list[Row]:
        """Publish a price of this moment."""
        quote = {"symbol": symbol, "as_of_ms": self.now_ms, **_texts(fields)}
        return self.send("prices", quote if mark is None else {"mark": str(mark), **quote})

    def flow(self, kind: str, amount: Amount, **fields: Any) -> list[Row]:
        """Send an opening, deposit, withdrawal, funding or balance snapshot of this moment."""
        flow = {
            "account_id": self.account,
            "kind": kind,
            "flow_id": f"flow-{next(self._number)}",
            "currency": "USD",
            "amount": str(amount),
            "as_of_ms": self.now_ms,
        }
        return self.send("accounts", flow | fields)

    def signal(self, side: str, quantity: Amount | None = None, **fields: Any) -> Row:
        """Send a signal of this moment and return its decision."""
        signal = {
            "signal_id": f"s{next(self._number)}",
            "account_id": self.account,
            "symbol": "X",
            "side": side,
            "quantity": None if quantity is None else str(quantity),
            "created_at_ms": self.now_ms,
        }
        sent = signal | _texts(fields)
        rows = self.send("signals", sent)
        return next(row for row in rows if row.get("decision_id") and row["kind"] == "decision")

    def fill(self, side: str, quantity: Amount, price: Amount, **fields: Any) -> list[Row]:
        """Send a fill of this moment."""
        number = next(self._number)
        fill = {
            "account_id": self.account,
            "fill_id": f"f{number}",
            "order_id": f"o{number}",
            "symbol": "X",
            "side": side,
            "quantity": str(quantity),
            "price": str(price),
            "executed_at_ms": self.now_ms,
        }
        return self.send("fills", fill | _texts(fields))

    def lose(self, amount: Amount, symbol: str = "X") -> None:
        """Realize a loss at once."""
        self.fill("buy", 1, Decimal(amount) + 1, symbol=symbol)
        self.fill("sell", 1, 1, symbol=symbol)

    def order(self, signal_id: str, status: str, **fields: Any) -> list[Row]:
        """Send an order status."""
        order = {
            "account_id": self.account,
            "signal_id": signal_id,
            "order_id": f"order-of-{signal_id}",
            "symbol": "X",
            "status": status,
            "updated_at_ms": self.now_ms,
        }
        return self.send("orders", order | _texts(fields))

    def snapshot(self, quantity: Amount, average_price: Amount | None, **fields: Any) -> list[Row]:
        """Send a position snapshot of this moment."""
        snapshot = {
            "account_id": self.account,
            "symbol": "X",
            "quantity": str(quantity),
            "average_price": None if average_price is None else str(average_price),
            "as_of_ms": self.now_ms,
        }
        return self.send("positions", snapshot | _texts(fields))

    def control(self, command: str, **fields: Any) -> list[Row]:
        """Send a control of this moment."""
        control = {
            "control_id": f"c{next(self._number)}",
            "account_id": self.account,
            "command": command,
            "author": "desk",
            "reason": "test",
            "issued_at_ms": self.now_ms,
        }
        return self.send("controls", control | fields)


def _texts(fields: dict[str, Any]) -> dict[str, Any]:
    """Write amounts as the contract's texts."""
    return {name: str(v) if isinstance(v, Decimal) else v for name, v in fields.items()}


def open_desk(
    rules: Rules,
    *,
    balance: Amount = 10_000,
    mark: Amount | None = 100,
    settings: Settings | None = None,
) -> Desk:
    """Return a desk with limits, instrument X at a mark, and an account opened a second ago."""
    desk = Desk(now_ms=NOON - SECOND, settings=settings)
    desk.limits(rules)
    desk.instrument()
    desk.flow("opening", balance)
    desk.wait(SECOND)
    if mark is not None:
        desk.price(mark)
    return desk


def day_of(desk: Desk, window: str = "daily") -> tuple[str, str, str]:
    """Return PnL, realized and open equity of the day or the week."""
    row = desk.state()[window]
    return row["pnl"], row["realized"], row["start_equity"]


def checks_of(decision: Row) -> dict[str, Row]:
    """Return a decision's checks by rule."""
    return {check["rule"]: check for check in decision["checks"]}


def numbers_of(decision: Row, rule: str) -> tuple[str, str | None, str | None, str | None]:
    """Return verdict, measured, limit and headroom of one check."""
    check = checks_of(decision)[rule]
    return check["verdict"], check["measured"], check["limit"], check["headroom"]


def answer_of(decision: Row) -> tuple[str, str, list[str], str | None]:
    """Return verdict, approved quantity, reasons and binding rule."""
    return (
        decision["verdict"],
        decision["approved_quantity"],
        decision["reasons"],
        decision["binding_rule"],
    )


def explained(decision: Row, rule: str) -> tuple[str | None, str]:
    """Return unit and message of a breach."""
    check = checks_of(decision)[rule]
    return check["unit"], check["message"]


def assert_not_judged(decision: Row, rule: str) -> None:
    """Assert that an order is approved and that a rule has no say in it."""
    assert (decision["verdict"], rule in checks_of(decision)) == ("approved", False)
