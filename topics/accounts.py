"""Accounts: balances and cash flows. The first opening or snapshot starts an account."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from topics.fields import DECIMAL, DecodeError, EventId, Id, Millis, Number
from topics.topic import Topic


class CashFlow(Struct, frozen=True, kw_only=True, gc=False):
    account_id: Id
    kind: Literal["opening", "snapshot", "deposit", "withdrawal", "funding"]
    flow_id: EventId
    currency: Id
    amount: Number  # In currency. Opening, snapshot: the cash balance; funding signed; others >= 0.
    as_of_ms: Millis

    def __post_init__(self) -> None:
        unsigned = self.kind in ("deposit", "withdrawal")
        # To compare NaN raises; the codec refuses it after this, as in every other field.
        if unsigned and self.amount.is_finite() and self.amount < 0:
            raise DecodeError(f"Expected a number >= 0 for a {self.kind}", "$.amount")


_UNSIGNED = {
    "if": {"properties": {"kind": {"enum": ["deposit", "withdrawal"]}}},
    "then": {"properties": {"amount": {"format": DECIMAL, "minimum": 0}}},
}

TOPIC = Topic(
    name="accounts",
    direction="in",
    message=CashFlow,
    schema_extra=_UNSIGNED,
    key="account_id",
    writers=("engine", "desk"),
    readers=("ingest",),
    example=CashFlow(
        account_id="acct-1",
        kind="opening",
        flow_id="open-1",
        currency="USD",
        amount=Decimal(100000),
        as_of_ms=1_767_225_600_000,
    ),
)
