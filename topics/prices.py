"""Prices: quotes per symbol. A message has at least one of bid, ask, mark and last."""

from decimal import Decimal
from typing import Annotated

from msgspec import Struct

from topics.fields import EPOCH_MS, PRICE, DecodeError, Millis, Number, Symbol, doc
from topics.topic import Topic


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A price at or below zero counts as absent unless the instrument allows such prices."""

    symbol: Annotated[Symbol, doc("Instrument that is quoted; also the key of the message.")]
    bid: Annotated[
        Number | None,
        doc("Best bid; it values long positions.", unit=PRICE, absent="mark does, else last"),
    ] = None
    ask: Annotated[
        Number | None,
        doc("Best ask; it values short positions.", unit=PRICE, absent="mark does, else last"),
    ] = None
    mark: Annotated[
        Number | None,
        doc("Mark price of the venue.", unit=PRICE, absent="last stands in for it"),
    ] = None
    last: Annotated[
        Number | None,
        doc(
            "Price of the last trade.",
            unit=PRICE,
            absent="bars are built from mark, else from the middle of bid and ask",
        ),
    ] = None
    high: Annotated[
        Number | None,
        doc(
            "Highest price of the bar that last belongs to.",
            unit=PRICE,
            absent="the bar knows only the prices that were published",
        ),
    ] = None
    low: Annotated[
        Number | None,
        doc(
            "Lowest price of the bar that last belongs to.",
            unit=PRICE,
            absent="the bar knows only the prices that were published",
        ),
    ] = None
    as_of_ms: Annotated[
        Millis,
        doc("When the market had these prices; their age counts from it.", unit=EPOCH_MS),
    ]

    def __post_init__(self) -> None:
        if self.bid is None and self.ask is None and self.mark is None and self.last is None:
            raise DecodeError("Expected one of bid, ask, mark, last", "$")


_ONE_PRICE = {
    "anyOf": [
        {"properties": {name: {"not": {"type": "null"}}}, "required": [name]}
        for name in ("bid", "ask", "mark", "last")
    ]
}

TOPIC = Topic(
    name="prices",
    direction="in",
    message=Price,
    schema_extra=_ONE_PRICE,
    key="symbol",
    writers=("market",),
    readers=("ingest", "broadcast"),
    append_time=True,  # When a price came is the broker's word, not its publisher's.
    example=Price(
        symbol="BTC-USD",
        bid=Decimal("49999.5"),
        ask=Decimal("50000.5"),
        mark=Decimal(50000),
        last=Decimal("50000.5"),
        high=Decimal(50100),
        low=Decimal(49900),
        as_of_ms=1_767_225_600_000,
    ),
)
