"""Positions: what the venue or the books say is held, to compare with or to start from."""

from decimal import Decimal
from typing import Annotated

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    PRICE,
    SIGNED_UNITS,
    AccountId,
    DecodeError,
    Millis,
    Number,
    Symbol,
    doc,
)
from topics.topic import Topic


class PositionSnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: AccountId
    symbol: Annotated[Symbol, doc("Instrument that is held.")]
    quantity: Annotated[Number, doc("Net position; 0 is flat.", unit=SIGNED_UNITS)]
    average_price: Annotated[
        Number | None,
        doc("Average entry price.", unit=PRICE, absent="the position must be flat"),
    ] = None
    mark_price: Annotated[
        Number | None,
        doc(
            "Mark at as_of_ms, used if newer than the quote that the account holds.",
            unit=PRICE,
            absent="only `prices` value the position",
        ),
    ] = None
    as_of_ms: Annotated[
        Millis,
        doc("When this was held; not compared if older than the last fill.", unit=EPOCH_MS),
    ]

    def __post_init__(self) -> None:
        if self.average_price is None and self.quantity:
            raise DecodeError("Expected the average price of what is held", "$.average_price")


_PRICED_UNLESS_FLAT = {
    "anyOf": [
        {"properties": {"average_price": {"not": {"type": "null"}}}, "required": ["average_price"]},
        {"properties": {"quantity": {"pattern": r"^[+-]?(0+\.?0*|\.0+)([eE].*)?$", "maximum": 0,
                                     "minimum": 0}}},
    ]
}  # fmt: skip

TOPIC = Topic(
    name="positions",
    direction="in",
    message=PositionSnapshot,
    schema_extra=_PRICED_UNLESS_FLAT,
    key="account_id",
    writers=("engine", "desk"),
    readers=("ingest",),
    example=PositionSnapshot(
        account_id="acct-1",
        symbol="BTC-USD",
        quantity=Decimal("-0.3"),
        average_price=Decimal(50120),
        mark_price=Decimal(50010),
        as_of_ms=1_767_225_600_000,
    ),
)
