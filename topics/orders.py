"""Orders: what the execution engine says of an approval or an exit, word by word."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from topics.fields import AnyId, EventId, Id, Millis, NotNegative, Symbol
from topics.topic import Topic


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: Id
    signal_id: AnyId  # For an exit its exit_id.
    order_id: EventId
    symbol: Symbol
    status: Literal["accepted", "rejected", "cancelled", "expired", "filled"]
    filled_quantity: NotNegative | None = None  # In units, total of this order so far.
    updated_at_ms: Millis


TOPIC = Topic(
    name="orders",
    direction="in",
    message=Order,
    key="account_id",
    writers=("engine",),
    readers=("ingest",),
    example=Order(
        account_id="acct-1",
        signal_id="momentum:1",
        order_id="ord-1",
        symbol="BTC-USD",
        status="accepted",
        filled_quantity=Decimal(0),
        updated_at_ms=1_767_225_600_050,
    ),
)
