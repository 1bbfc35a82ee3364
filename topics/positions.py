"""Positions: what venue or books say is held, a snapshot to compare with or to start from."""

from decimal import Decimal

from msgspec import Struct

from topics.fields import DecodeError, Id, Millis, Number, Symbol
from topics.topic import Topic


class PositionSnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: Id
    symbol: Symbol
    quantity: Number  # Signed: negative is short.
    average_price: Number | None = None  # In the settlement currency; needed unless flat.
    mark_price: Number | None = None  # In the settlement currency.
    as_of_ms: Millis

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
