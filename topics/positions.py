"""Positions: what venue or books say is held, a snapshot to compare with or to start from."""

from decimal import Decimal

from msgspec import Struct

from topics.fields import Id, Millis, Number, Symbol
from topics.topic import Topic


class PositionSnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: Id
    symbol: Symbol
    quantity: Number  # Signed: negative is short.
    average_price: Number  # In the settlement currency.
    mark_price: Number | None = None  # In the settlement currency.
    as_of_ms: Millis


TOPIC = Topic(
    name="positions",
    direction="in",
    message=PositionSnapshot,
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
