"""Decisions: everything an execution engine obeys, in one order: answers, exits and stops."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import structs

from topics.checks import Check, Unit
from topics.emergency_stops import TOPIC as STOPS
from topics.emergency_stops import StopRow
from topics.exits import Exit, ExitReason
from topics.fields import (
    EPOCH_MS,
    PRICE,
    RATIO,
    SIGNED_MONEY,
    UNITS,
    UNKNOWN,
    AccountId,
    AnyId,
    AtMs,
    Chain,
    EventId,
    LimitsVersion,
    Millis,
    Number,
    Quantity,
    RulesVersion,
    Sequence,
    StrategyId,
    Symbol,
    TradingState,
    Written,
    doc,
)
from topics.topic import DAY_MS, Topic

__all__ = [
    "TOPIC", "Check", "Decision", "Exit", "ExitReason", "Stop", "Unit", "Verdict",
]  # fmt: skip

Verdict = Literal["approved", "modified", "rejected", "ignored"]


class Decision(Written, frozen=True, kw_only=True, tag_field="kind", tag="decision"):
    decision_id: Annotated[
        AnyId,
        doc("Client order id: the signal_id, or a derived id when the signal was repeated."),
    ]
    signal_id: Annotated[EventId, doc("Signal that this answers.")]
    account_id: AccountId
    strategy_id: Annotated[
        StrategyId | None, doc("Strategy that asked.", null="if the signal names none")
    ]
    symbol: Annotated[Symbol, doc("Instrument to trade.")]
    side: Annotated[Literal["buy", "sell", "hold"], doc("Side that the signal names.")]
    verdict: Annotated[
        Verdict,
        doc(
            "`approved` as asked, `modified` to a smaller quantity, `rejected`, or `ignored`: a "
            "hold or a repeated signal."
        ),
    ]
    requested_quantity: Annotated[
        Quantity | None,
        doc("Quantity asked for, or worked out by riskgate.", unit=UNITS, null="if neither"),
    ]
    approved_quantity: Annotated[
        Quantity, doc("Quantity to place; 0 if rejected or ignored.", unit=UNITS)
    ]
    limit_price: Annotated[
        Number | None, doc("Limit price to place.", unit=PRICE, null="for a market order")
    ]
    stop_price: Annotated[
        Number | None,
        doc(
            "Stop of the entry, named or worked out; riskgate itself watches it.",
            unit=PRICE,
            null="for exits and ignored signals, and without a price to work it out from",
        ),
    ]
    reduce_only: Annotated[bool, doc("True if the order may only reduce the position.")]
    risk_score: Annotated[
        Number | None,
        doc("Score of the rule `risk_score`.", unit="0 to 1, high is risky", null="if it has none"),
    ]
    reasons: Annotated[
        tuple[str, ...],
        doc("Breached rules, in the order of the gate; empty if it was only rounded to the lot."),
    ]
    binding_rule: Annotated[
        str | None,
        doc("Rule that allows no larger quantity.", null="if no size limit cut the order"),
    ]
    checks: Annotated[
        tuple[Check, ...],
        doc("What every rule answered, in the order of the gate; empty if ignored."),
    ]
    trading_state: Annotated[
        TradingState, doc("State of the account; only `active` lets entries through.")
    ]
    equity: Annotated[
        Number | None,
        doc("Equity at the newest marks.", unit=SIGNED_MONEY, null=UNKNOWN),
    ]
    drawdown_ratio: Annotated[
        Number | None, doc("Fall of equity from its peak.", unit=RATIO, null=UNKNOWN)
    ]
    daily_pnl: Annotated[
        Number | None,
        doc("PnL of the day, unrealized included.", unit=SIGNED_MONEY, null=UNKNOWN),
    ]
    weekly_pnl: Annotated[
        Number | None,
        doc("PnL of the week, unrealized included.", unit=SIGNED_MONEY, null=UNKNOWN),
    ]
    limits_version: LimitsVersion
    valid_until_ms: Annotated[
        Millis, doc("From then on the engine must not place it.", unit=EPOCH_MS)
    ]
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


class Stop(StopRow, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """The row of emergency_stops, in the engine's own order."""


TOPIC = Topic(
    name="decisions",
    direction="out",
    message=Decision | Exit | Stop,
    key="account_id",
    writers=("risk",),
    readers=("risk", "engine", "strategy", "operator", "desk"),
    retention_ms=30 * DAY_MS,
    copartitioned=True,
    example=Decision(
        decision_id="momentum:1",
        signal_id="momentum:1",
        account_id="acct-1",
        strategy_id="momentum",
        symbol="BTC-USD",
        side="buy",
        verdict="modified",
        requested_quantity=Decimal("0.5"),
        approved_quantity=Decimal("0.199"),
        limit_price=Decimal(50000),
        stop_price=Decimal(49000),
        reduce_only=False,
        risk_score=None,
        reasons=("position_ratio",),
        binding_rule="position_ratio",
        checks=(
            Check(
                "position_ratio",
                "breach",
                Decimal("0.25"),
                Decimal("0.1"),
                Decimal("-0.15"),
                "ratio",
                "The position would be 0.25 of equity, above the limit of 0.1.",
            ),
        ),
        trading_state="active",
        equity=Decimal(100000),
        drawdown_ratio=Decimal(0),
        daily_pnl=Decimal(0),
        weekly_pnl=Decimal(0),
        limits_version="1.0",
        valid_until_ms=1_767_225_602_000,
        sequence=2,
        chain="0123456789abcdef",
        rules_version="0123456789abcdef",
        at_ms=1_767_225_600_000,
    ),
    more_examples=(
        Exit(
            exit_id="acct-1:42:2",
            account_id="acct-1",
            symbol="BTC-USD",
            side="sell",
            quantity=Decimal("0.2"),
            reason="emergency_stop",
            valid_until_ms=1_767_225_602_000,
            sequence=42,
            chain="0123456789abcdef",
            rules_version="0123456789abcdef",
            at_ms=1_767_225_600_000,
        ),
        Stop(**structs.asdict(STOPS.example)),
    ),
)
