"""Emergency stops: when trading was stopped, why and by whom, until it was lifted."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    SIGNED_MONEY,
    SIGNED_UNITS,
    AccountId,
    AnyId,
    AtMs,
    Chain,
    Millis,
    Number,
    Quantity,
    RulesVersion,
    Sequence,
    Symbol,
    Written,
    doc,
)
from topics.topic import DAY_MS, Topic


class StoppedPosition(Struct, frozen=True, gc=False):
    symbol: Annotated[Symbol, doc("Instrument that is held.")]
    quantity: Annotated[Quantity, doc("Position at that moment.", unit=SIGNED_UNITS)]


class StopRow(Written, frozen=True, kw_only=True):
    stop_id: Annotated[AnyId, doc("Id of the stop; a resume names it to lift the stop.")]
    account_id: AccountId
    status: Annotated[
        Literal["triggered", "flattening", "flat", "resumed"],
        doc(
            "`triggered` orders the actions; `flattening`: positions are being closed; `flat`: "
            "nothing but dust is left; `resumed`: the stop is lifted."
        ),
    ]
    rule: Annotated[str, doc("Rule that stopped the account; `control` for a person's command.")]
    measured: Annotated[
        Number | None,
        doc("What the rule measured.", unit="unit of the rule", null="if it has no number"),
    ]
    limit: Annotated[
        Number | None,
        doc("Limit that was breached.", unit="unit of the rule", null="if it has no number"),
    ]
    actions: Annotated[
        tuple[Literal["cancel_all", "flatten"], ...],
        doc(
            "What the engine must do: cancel working orders other than exits; expect an exit for "
            "each position. Empty unless triggered, and for a stop that only reduces."
        ),
    ]
    positions: Annotated[tuple[StoppedPosition, ...], doc("Positions held at that moment.")]
    reason: Annotated[str, doc("Reason, in one sentence for people.")]
    author: Annotated[
        str | None,
        doc("Person who gave the command.", null="if riskgate acted by itself"),
    ]
    equity: Annotated[
        Number | None,
        doc("Equity at that moment.", unit=SIGNED_MONEY, null="while it is unknown"),
    ] = None
    ends_at_ms: Annotated[
        Millis | None,
        doc("When riskgate lifts it by itself.", unit=EPOCH_MS, null="if only a resume lifts it"),
    ] = None
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


class EmergencyStop(StopRow, frozen=True, kw_only=True):
    """The row as its own topic carries it."""


TOPIC = Topic(
    name="emergency_stops",
    direction="out",
    message=EmergencyStop,
    key="account_id",
    writers=("risk",),
    readers=("risk", "engine", "operator", "desk"),
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
