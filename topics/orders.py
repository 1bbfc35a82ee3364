"""Orders: status of each order that answers an approval or an exit, as the engine reports it."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    UNITS,
    AccountId,
    AnyId,
    EventId,
    Millis,
    NotNegative,
    Symbol,
    doc,
)
from topics.topic import Topic


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: AccountId
    signal_id: Annotated[
        AnyId, doc("Decision or exit that the order executes: its signal_id or exit_id.")
    ]
    order_id: Annotated[
        EventId, doc("Id of the order at the venue; fills without a signal_id are matched by it.")
    ]
    symbol: Annotated[Symbol, doc("Instrument of the order.")]
    status: Annotated[
        Literal["accepted", "rejected", "cancelled", "expired", "filled"],
        doc("Order status. All but `accepted` are final: whatever comes later changes nothing."),
    ]
    filled_quantity: Annotated[
        NotNegative | None,
        doc(
            "Total that the order has filled so far.",
            unit=UNITS,
            absent="`filled` means the whole order, another status what its fills add up to",
        ),
    ] = None
    updated_at_ms: Annotated[
        Millis, doc("When the status changed; recorded, but no rule reads it.", unit=EPOCH_MS)
    ]


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
