"""The market of the benchmarks: accounts with positions, and limits that approve most orders."""

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal

from topics.accounts import CashFlow
from topics.fills import Fill
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.orders import Order
from topics.prices import Price
from topics.signals import Signal

ACCOUNTS = tuple(f"acct-{number:03d}" for number in range(100))
SYMBOLS = tuple(f"SYM{number}-USD" for number in range(10))
LIMITS = {
    # These would reject most orders of so few accounts at such a rate.
    "order_rate": {"enabled": False},
    "repeated_order": {"enabled": False},
    "risk_score": {"enabled": False},
}


def now_ms() -> int:
    """Return the time on this machine's clock."""
    return int(time.time() * 1000)


def limits() -> LimitsDocument:
    """Return the standard limits without the rules about frequency."""
    return LimitsDocument(account_id="*", version=1, author="bench", reason="bench", rules=LIMITS)


def instruments() -> Iterator[Instrument]:
    """Yield the instrument of each symbol."""
    for symbol in SYMBOLS:
        yield Instrument(
            symbol=symbol,
            base_currency=symbol.partition("-")[0],
            settlement_currency="USD",
            tick_size=Decimal("0.01"),
            lot_size=Decimal("0.001"),
            min_quantity=Decimal("0.001"),
        )


def price(symbol: str) -> Price:
    """Return a quote of a symbol as of now."""
    return Price(
        symbol=symbol,
        bid=Decimal("99.99"),
        ask=Decimal("100.01"),
        last=Decimal(100),
        as_of_ms=now_ms(),
    )


def opening(account_id: str) -> CashFlow:
    """Return an opening balance of one million, older than any fill: it contains none of them."""
    return CashFlow(
        account_id=account_id,
        kind="opening",
        flow_id=f"{account_id}-opening",
        currency="USD",
        amount=Decimal(1_000_000),
        as_of_ms=now_ms() - 1,
    )


def fills(account_id: str) -> Iterator[Fill]:
    """Yield fills that give an account 1 % of its equity in each symbol."""
    for symbol in SYMBOLS:
        yield Fill(
            account_id=account_id,
            fill_id=f"{account_id}-{symbol}",
            order_id=f"{account_id}-{symbol}",
            symbol=symbol,
            side="buy",
            quantity=Decimal(100),
            price=Decimal(100),
            fee=Decimal(1),
            executed_at_ms=now_ms(),
        )


def signal(number: int, accounts: Sequence[str] = ACCOUNTS) -> Signal:
    """Return a small buy signal; accounts take turns, then symbols."""
    turn = number // len(accounts)
    return Signal(
        signal_id=f"bench:{number}",
        account_id=accounts[number % len(accounts)],
        symbol=SYMBOLS[turn % len(SYMBOLS)],
        side="buy",
        quantity=Decimal("1.25"),
        limit_price=Decimal("100.5"),
        created_at_ms=now_ms(),
    )


def cancelled(asked: Signal) -> Order:
    """Return the cancellation of a signal's order, so that reservations do not accumulate."""
    return Order(
        account_id=asked.account_id,
        signal_id=asked.signal_id,
        order_id=f"order-{asked.signal_id}",
        symbol=asked.symbol,
        status="cancelled",
        filled_quantity=Decimal(0),
        updated_at_ms=now_ms(),
    )
