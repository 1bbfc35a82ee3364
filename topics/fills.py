"""Fills: executions, their busts and their corrections, as the venue reports them."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from topics.fields import AnyId, EventId, Id, Millis, Number, Positive, Side, Symbol
from topics.topic import Topic


class Fill(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    account_id: Id
    fill_id: EventId  # With symbol and side unique per account: a self-trade is two fills.
    order_id: EventId
    signal_id: AnyId | None = None  # For an exit its exit_id.
    symbol: Symbol
    side: Side
    quantity: Positive  # In units of the instrument, unsigned.
    price: Number  # In the settlement currency; may be zero or negative.
    fee: Number = Decimal(0)  # In fee_currency; negative is a rebate.
    fee_currency: Id | None = None  # Absent: the settlement currency.
    executed_at_ms: Millis
    # A bust is a fill that never was; a correction replaces the fill of its id, as for a late fee.
    kind: Literal["new", "bust", "correct"] = "new"


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
