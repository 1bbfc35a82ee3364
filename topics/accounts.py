"""Accounts: balances and cash flows. The first opening or snapshot starts an account."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct

from topics.fields import (
    DECIMAL,
    EPOCH_MS,
    AccountId,
    DecodeError,
    EventId,
    Id,
    Millis,
    Number,
    doc,
)
from topics.topic import Topic


class CashFlow(Struct, frozen=True, kw_only=True, gc=False):
    account_id: AccountId
    kind: Annotated[
        Literal["opening", "snapshot", "deposit", "withdrawal", "funding"],
        doc(
            "`opening` starts the account; `snapshot` reports the cash balance, and starts an "
            "account that has no opening; `deposit` and `withdrawal` are no PnL, `funding` is."
        ),
    ]
    flow_id: Annotated[
        EventId, doc("Id that the sender gives, unique per account; a repetition is an alert.")
    ]
    currency: Annotated[
        Id, doc("Currency of the amount; the first opening or snapshot sets the account's.")
    ]
    amount: Annotated[
        Number,
        doc(
            "Cash balance of an opening or snapshot, else what was moved.",
            unit="currency; deposit and withdrawal unsigned, funding signed: negative is paid",
        ),
    ]
    as_of_ms: Annotated[
        Millis,
        doc(
            "Time of the balance or flow. Fills up to an opening's time do not change the balance.",
            unit=EPOCH_MS,
        ),
    ]

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
