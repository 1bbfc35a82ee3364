"""Prices: quotes per symbol, from market data."""

from decimal import Decimal

from msgspec import Struct

from topics.fields import DecodeError, Millis, Number, Symbol
from topics.topic import Topic


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    symbol: Symbol
    bid: Number | None = None  # All prices in the settlement currency.
    ask: Number | None = None
    mark: Number | None = None
    last: Number | None = None
    high: Number | None = None  # Of the bar that `last` belongs to.
    low: Number | None = None
    as_of_ms: Millis

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
