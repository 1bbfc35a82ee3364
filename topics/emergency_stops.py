"""Emergency stops: when trading was stopped, why and by whom, until it was lifted."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from topics.fields import AnyId, Id, Millis, Number, Quantity, Symbol, Written
from topics.topic import DAY_MS, Topic


class StoppedPosition(Struct, frozen=True, gc=False):
    symbol: Symbol
    quantity: Quantity  # Signed.


class StopRow(Written, frozen=True, kw_only=True):
    stop_id: AnyId
    account_id: Id
    status: Literal["triggered", "flattening", "flat", "resumed"]
    rule: str
    measured: Number | None  # In the rule's unit.
    limit: Number | None
    actions: tuple[Literal["cancel_all", "flatten"], ...]
    positions: tuple[StoppedPosition, ...]
    reason: str
    author: str | None
    equity: Number | None = None  # In the account's currency.
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


class EmergencyStop(StopRow, frozen=True, kw_only=True):
    """The row as its own topic carries it."""


TOPIC = Topic(
    name="emergency_stops",
    direction="out",
    message=EmergencyStop,
    key="account_id",
    writers=("risk",),
    readers=("engine", "operator", "desk"),
    retention_ms=30 * DAY_MS,
    copartitioned=True,
    example=EmergencyStop(
        stop_id="acct-1:42:1",
        account_id="acct-1",
        status="triggered",
        rule="daily_loss",
        measured=Decimal(2100),
        limit=Decimal(2000),
        actions=("cancel_all", "flatten"),
        positions=(StoppedPosition("BTC-USD", Decimal("0.2")),),
        reason="daily_loss 2100 is beyond 2000",
        author=None,
        equity=Decimal(97900),
        sequence=42,
        chain="0123456789abcdef",
        rules_version="0123456789abcdef",
        at_ms=1_767_225_600_000,
    ),
)
