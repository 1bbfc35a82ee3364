"""Instruments: what can be traded, and in which steps, sizes and currencies."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from topics.fields import DecodeError, Id, NotNegative, Positive, Symbol
from topics.topic import FOREVER, Topic


class Instrument(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    symbol: Symbol
    kind: Literal["linear", "inverse"] = "linear"
    base_currency: Id | None = None
    settlement_currency: Id
    tick_size: Positive  # In the settlement currency.
    lot_size: Positive  # In units.
    min_quantity: NotNegative  # In units.
    max_quantity: Positive | None = None  # In units, of one order.
    min_notional: NotNegative | None = None  # In the settlement currency.
    multiplier: Positive = Decimal(1)  # Settlement currency per unit and point of price.
    groups: Annotated[tuple[Id, ...], Meta(max_length=32)] = ()
    session: Id | None = None  # Name of an exchange calendar.
    prices_may_be_negative: bool = False  # Else a price <= 0 is no price; linear ones only.
    status: Literal["trading", "halted", "delisted"] = "trading"  # Without entries unless trading.


def check_instrument(instrument: Instrument) -> None:
    """Raise DecodeError where its fields contradict each other."""
    base, settlement = instrument.base_currency, instrument.settlement_currency
    if instrument.kind == "inverse" and base not in (None, settlement):
        problem = f"Expected {base}, the base, which an inverse instrument settles in"
        raise DecodeError(f"{problem}, got {settlement}", "$.settlement_currency")
    if instrument.kind == "inverse" and instrument.prices_may_be_negative:
        raise DecodeError("Expected false of an inverse instrument", "$.prices_may_be_negative")
    most = instrument.max_quantity
    if most is not None and most < instrument.min_quantity:
        raise DecodeError(f"Expected at least min_quantity, got {most}", "$.max_quantity")


TOPIC = Topic(
    name="instruments",
    direction="in",
    message=Instrument,
    key="symbol",
    writers=("desk",),
    readers=("ingest", "broadcast"),
    retention_ms=FOREVER,
    compacted=True,
    append_time=True,  # Which one named a currency pair first is the broker's word.
    example=Instrument(
        symbol="BTC-USD",
        base_currency="BTC",
        settlement_currency="USD",
        tick_size=Decimal("0.5"),
        lot_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_quantity=Decimal(100),
        min_notional=Decimal(10),
        groups=("crypto",),
        session="24/7",
    ),
)
