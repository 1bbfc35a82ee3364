"""Exits: orders by which riskgate itself closes or reduces a position; a message of decisions."""

from typing import Annotated, Literal

from topics.fields import (
    EPOCH_MS,
    UNITS,
    AccountId,
    AnyId,
    AtMs,
    Chain,
    Millis,
    Quantity,
    RulesVersion,
    Sequence,
    Side,
    Symbol,
    Written,
    doc,
)

ExitReason = Literal[
    "stop_loss", "trailing_stop", "time_stop", "volatility_stop", "emergency_stop", "deleverage"
]


class Exit(Written, frozen=True, kw_only=True, tag_field="kind", tag="exit"):
    exit_id: Annotated[AnyId, doc("Id of the exit, and client order id for the engine.")]
    account_id: AccountId
    symbol: Annotated[Symbol, doc("Instrument whose position is reduced or closed.")]
    side: Annotated[Side, doc("Side of the order, opposite to the position.")]
    quantity: Annotated[Quantity, doc("Quantity to place.", unit=UNITS)]
    reason: Annotated[ExitReason, doc("Why riskgate closes: a stop of the position or account.")]
    reduce_only: Annotated[Literal[True], doc("Always true: the order may only reduce.")] = True
    valid_until_ms: Annotated[
        Millis,
        doc(
            "From then on it must not be placed; a new exit follows if needed.",
            unit=EPOCH_MS,
        ),
    ]
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs
