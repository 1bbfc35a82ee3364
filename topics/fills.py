"""Fills: executions, their busts and their corrections, as the venue reports them."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    PRICE,
    UNITS,
    AccountId,
    AnyId,
    EventId,
    Id,
    Millis,
    Number,
    Positive,
    Side,
    Symbol,
    doc,
)
from topics.topic import Topic


class Fill(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: AccountId
    fill_id: Annotated[
        EventId,
        doc("Id that the venue gives, unique per account, symbol and side; it is booked once."),
    ]
    order_id: Annotated[EventId, doc("Id of the filled order at the venue.")]
    signal_id: Annotated[
        AnyId | None,
        doc(
            "Order that was filled: signal_id of the decision or exit_id of the exit.",
            absent="it is found by order_id; a fill that names no decision is an alert",
        ),
    ] = None
    symbol: Annotated[Symbol, doc("Instrument that was traded.")]
    side: Annotated[Side, doc("Whether it was bought or sold.")]
    quantity: Annotated[Positive, doc("How much was filled.", unit=UNITS)]
    price: Annotated[
        Number,
        doc("Price of the fill; at or below zero only if the instrument allows it.", unit=PRICE),
    ]
    fee: Annotated[
        Number,
        doc(
            "Fee of the fill; negative is a rebate.",
            unit="fee_currency, signed",
            absent="there is no fee; a correction may add it later",
        ),
    ] = Decimal(0)
    fee_currency: Annotated[
        Id | None,
        doc("Currency of the fee.", absent="it is the settlement currency"),
    ] = None
    executed_at_ms: Annotated[
        Millis, doc("When the venue executed it; a bust repeats this time.", unit=EPOCH_MS)
    ]
    kind: Annotated[
        Literal["new", "bust", "correct"],
        doc(
            "`bust`: the fill of this id never was; `correct`: this replaces the fill of its id.",
            absent="it is a new fill",
        ),
    ] = "new"


TOPIC = Topic(
    name="fills",
    direction="in",
    message=Fill,
    key="account_id",
    writers=("engine",),
    readers=("ingest",),
    example=Fill(
        account_id="acct-1",
        fill_id="fill-1",
        order_id="ord-1",
        signal_id="momentum:1",
        symbol="BTC-USD",
        side="buy",
        quantity=Decimal("0.2"),
        price=Decimal("49990.5"),
        fee=Decimal("4.99905"),
        fee_currency="USD",
        executed_at_ms=1_767_225_600_080,
    ),
)
