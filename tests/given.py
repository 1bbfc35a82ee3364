"""What a test is given: messages with defaults, so that a test names only what it is about.

Every builder makes a typed message. A time that is left out is NOW: the driver puts the moment at
which it sends the message there. Numbers are written as text or ints: quantity="0.5".

    driver.send(given.limits(given.only("drawdown", drawdown_ratio_max="0.05")))
    driver.send(given.account(balance="1000"), given.instrument(), given.price(100))
    decision = driver.decide(given.signal("buy", 2))
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.rules import RULES
from topics.accounts import CashFlow
from topics.controls import Command, Control
from topics.fills import Fill
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.orders import Order
from topics.positions import PositionSnapshot
from topics.prices import Price
from topics.signals import Signal

ACCOUNT = "acct-1"
SYMBOL = "BTC-USD"
T0_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC, a Thursday; where the driver's time begins.
NOW = 0  # The time at which the driver sends the message.

# The times that a sender puts on its message; each input has one of them.
TIMES = ("created_at_ms", "executed_at_ms", "updated_at_ms", "as_of_ms", "issued_at_ms")

Amount = str | int | Decimal
Rules = dict[str, dict[str, Any]]
Side = Literal["buy", "sell"]


def ms(text: str) -> int:
    """The milliseconds of a UTC time written as 2026-11-01T04:30."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def stamped(message: Struct, at_ms: int) -> Struct:
    """A message with a time where it was left out."""
    times = {name: at_ms for name in TIMES if getattr(message, name, None) == NOW}
    return replace(message, **times)


def account(
    account_id: str = ACCOUNT,
    *,
    balance: Amount = 100_000,
    currency: str = "USD",
    as_of_ms: int = NOW,
) -> CashFlow:
    """The opening that starts an account."""
    return flow(
        "opening",
        balance,
        flow_id="open-1",
        account_id=account_id,
        currency=currency,
        as_of_ms=as_of_ms,
    )


def flow(
    kind: Literal["opening", "snapshot", "deposit", "withdrawal", "funding"],
    amount: Amount,
    *,
    flow_id: str = "flow-1",
    account_id: str = ACCOUNT,
    currency: str = "USD",
    as_of_ms: int = NOW,
) -> CashFlow:
    """A cash flow or a balance snapshot. A second flow of an account needs another flow_id."""
    return CashFlow(
        account_id=account_id,
        kind=kind,
        flow_id=flow_id,
        currency=currency,
        amount=Decimal(amount),
        as_of_ms=as_of_ms,
    )


def instrument(symbol: str = SYMBOL, **fields: Any) -> Instrument:
    """A linear instrument in USD: tick 0.01, lot 0.001, no minimums, multiplier 1."""
    numbers = {
        "tick_size",
        "lot_size",
        "min_quantity",
        "max_quantity",
        "min_notional",
        "multiplier",
    }
    defaults = {"tick_size": "0.01", "lot_size": "0.001", "min_quantity": "0"}
    values: dict[str, Any] = {"settlement_currency": "USD", **defaults, **fields}
    exact: dict[str, Any] = {
        name: _exact(value) if name in numbers else value for name, value in values.items()
    }
    return Instrument(symbol=symbol, **exact)


def price(
    last: Amount | None = None,
    *,
    symbol: str = SYMBOL,
    bid: Amount | None = None,
    ask: Amount | None = None,
    mark: Amount | None = None,
    as_of_ms: int = NOW,
) -> Price:
    """A quote: one price for everything, or bid and ask apart."""
    return Price(
        symbol=symbol,
        last=_exact(last),
        bid=_exact(bid),
        ask=_exact(ask),
        mark=_exact(mark),
        as_of_ms=as_of_ms,
    )


def signal(
    side: Literal["buy", "sell", "hold"] = "buy",
    quantity: Amount | None = 1,
    *,
    signal_id: str = "signal-1",
    account_id: str = ACCOUNT,
    symbol: str = SYMBOL,
    **fields: Any,
) -> Signal:
    """A market order; a second signal needs another signal_id. `fields`: limit_price and others."""
    numbers = {"limit_price", "stop_price", "confidence", "strength"}
    values: dict[str, Any] = {"created_at_ms": NOW, **fields}
    exact: dict[str, Any] = {
        name: _exact(value) if name in numbers else value for name, value in values.items()
    }
    return Signal(
        **exact,
        signal_id=signal_id,
        account_id=account_id,
        symbol=symbol,
        side=side,
        quantity=_exact(quantity),
    )


def fill(
    side: Side = "buy",
    quantity: Amount = 1,
    price: Amount = 100,
    *,
    fill_id: str = "fill-1",
    signal_id: str | None = None,
    order_id: str = "order-1",
    account_id: str = ACCOUNT,
    symbol: str = SYMBOL,
    fee: Amount = 0,
    fee_currency: str | None = None,
    executed_at_ms: int = NOW,
    kind: Literal["new", "bust"] = "new",
) -> Fill:
    """An execution; it releases nothing unless it names a signal_id."""
    return Fill(
        account_id=account_id,
        fill_id=fill_id,
        order_id=order_id,
        signal_id=signal_id,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency=fee_currency,
        executed_at_ms=executed_at_ms,
        kind=kind,
    )


def order(
    status: Literal["accepted", "rejected", "cancelled", "expired", "filled"],
    *,
    signal_id: str = "signal-1",
    order_id: str = "order-1",
    account_id: str = ACCOUNT,
    symbol: str = SYMBOL,
    filled_quantity: Amount | None = None,
    updated_at_ms: int = NOW,
) -> Order:
    """An execution engine's status of an approval or an exit."""
    return Order(
        account_id=account_id,
        signal_id=signal_id,
        order_id=order_id,
        symbol=symbol,
        status=status,
        filled_quantity=_exact(filled_quantity),
        updated_at_ms=updated_at_ms,
    )


def position(
    quantity: Amount,
    average_price: Amount = 100,
    *,
    mark_price: Amount | None = None,
    account_id: str = ACCOUNT,
    symbol: str = SYMBOL,
    as_of_ms: int = NOW,
) -> PositionSnapshot:
    """A position snapshot; quantity is signed."""
    return PositionSnapshot(
        account_id=account_id,
        symbol=symbol,
        quantity=Decimal(quantity),
        average_price=Decimal(average_price),
        mark_price=_exact(mark_price),
        as_of_ms=as_of_ms,
    )


def control(
    command: Command,
    *,
    control_id: str = "control-1",
    account_id: str = ACCOUNT,
    stop_id: str | None = None,
    issued_at_ms: int = NOW,
    expires_at_ms: int | None = None,
    duration_ms: int | None = None,
    version: str | None = None,
) -> Control:
    """An order of a person; account_id `*` is every account. A second one needs another id."""
    return Control(
        control_id=control_id,
        account_id=account_id,
        command=command,
        author="risk-desk",
        reason="a test",
        issued_at_ms=issued_at_ms,
        expires_at_ms=expires_at_ms,
        stop_id=stop_id,
        duration_ms=duration_ms,
        version=version,
    )


def limits(rules: Rules, *, account_id: str = "*", version: int = 1) -> LimitsDocument:
    """A limits document, of every account unless said otherwise; a second needs version=2."""
    return LimitsDocument(
        account_id=account_id, version=version, author="risk-desk", reason="a test", rules=rules
    )


def only(*names: str, **parameters: Any) -> Rules:
    """Rules that turn off every rule but those named; the parameters are the first one's.

    Groups of parameters that are no rule (`confirmation`, `reservation`, …) are added with `|`:
    only("drawdown", drawdown_ratio_max="0.05") | {"confirmation": {"confirm_marks": 2}}.
    """
    unknown = {*names} - {*RULES}
    assert not unknown, f"no such rules: {unknown}"
    rules: Rules = {name: {"enabled": name in names} for name in RULES}
    if names:
        rules[names[0]] |= parameters
    return rules


def _exact(number: Amount | None) -> Decimal | None:
    return None if number is None else Decimal(number)
