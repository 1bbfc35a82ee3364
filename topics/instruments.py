"""Instruments: what can be traded, and in which steps, sizes and currencies."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from topics.fields import PRICE, UNITS, DecodeError, Id, NotNegative, Positive, Symbol, doc
from topics.topic import FOREVER, Topic


class Instrument(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    symbol: Annotated[
        Symbol, doc("Name that signals, fills and prices use; also the key of the message.")
    ]
    kind: Annotated[
        Literal["linear", "inverse"],
        doc(
            "`inverse`: quoted in one currency and settled in its base currency.",
            absent="it is linear: its PnL is quantity times change of price times multiplier",
        ),
    ] = "linear"
    base_currency: Annotated[
        Id | None,
        doc(
            "Currency that is traded; the price of a linear one is then its exchange rate.",
            absent="its price is no exchange rate",
        ),
    ] = None
    settlement_currency: Annotated[Id, doc("Currency of its PnL; of an inverse one, the base.")]
    tick_size: Annotated[Positive, doc("Smallest step of a price.", unit=PRICE)]
    lot_size: Annotated[
        Positive, doc("Smallest step of a quantity; orders are rounded down to it.", unit=UNITS)
    ]
    min_quantity: Annotated[
        NotNegative,
        doc("Smallest order; a smaller position is dust, which no order can close.", unit=UNITS),
    ]
    max_quantity: Annotated[
        Positive | None,
        doc("Largest order; a larger one is cut to it.", unit=UNITS, absent="there is no maximum"),
    ] = None
    min_notional: Annotated[
        NotNegative | None,
        doc(
            "Smallest notional of an order.",
            unit="settlement currency, unsigned",
            absent="there is no minimum",
        ),
    ] = None
    multiplier: Annotated[
        Positive,
        doc(
            "Size of one contract.",
            unit="settlement currency per unit and point of price",
            absent="it is 1",
        ),
    ] = Decimal(1)
    groups: Annotated[
        tuple[Id, ...],
        Meta(max_length=32),
        doc("Groups that it belongs to, for `group_exposure`.", absent="it belongs to none"),
    ] = ()
    session: Annotated[
        Id | None,
        doc(
            "Exchange calendar for `trading_hours`, such as XNYS or 24/7.",
            absent="trading hours do not limit it",
        ),
    ] = None
    prices_may_be_negative: Annotated[
        bool,
        doc(
            "True if prices at or below zero are real; only a linear instrument may have them.",
            absent="such a price counts as missing",
        ),
    ] = False
    status: Annotated[
        Literal["trading", "halted", "delisted"],
        doc(
            "Entries need `trading`; exits always pass. A delisted one keeps its last price.",
            absent="it is trading",
        ),
    ] = "trading"


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
