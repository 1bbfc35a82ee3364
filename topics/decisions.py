"""Decisions: everything an execution engine obeys, in one order: answers, exits and stops."""

from decimal import Decimal
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, structs

from topics.emergency_stops import TOPIC as STOPS
from topics.emergency_stops import StopRow
from topics.fields import (
    AnyId,
    EventId,
    Id,
    Millis,
    Number,
    Quantity,
    Side,
    StrategyId,
    Symbol,
    TradingState,
    Written,
)
from topics.topic import DAY_MS, Topic

Verdict = Literal["approved", "modified", "rejected", "ignored"]
ExitReason = Literal[
    "stop_loss", "trailing_stop", "time_stop", "volatility_stop", "emergency_stop", "deleverage"
]


Unit = Literal["ratio", "money", "quantity", "price", "ms", "count"]


class Check(Struct, frozen=True, gc=False):
    rule: str
    verdict: Literal["pass", "breach", "exempt"]
    measured: Number | None = None
    limit: Number | None = None
    headroom: Number | None = None  # limit - measured; measured - limit for minimums.
    unit: Unit | None = None  # Of these numbers; money is in the account's currency.
    message: str | UnsetType = UNSET  # Of a breach: one sentence with its numbers.


class Decision(Written, frozen=True, kw_only=True, tag_field="kind", tag="decision"):
    decision_id: AnyId
    signal_id: EventId
    account_id: Id
    strategy_id: StrategyId | None
    symbol: Symbol
    side: Literal["buy", "sell", "hold"]
    verdict: Verdict
    requested_quantity: Quantity | None  # In units; as asked, or as sized.
    approved_quantity: Quantity  # In units; 0 when rejected or ignored.
    limit_price: Number | None
    stop_price: Number | None
    reduce_only: bool
    risk_score: Number | None
    reasons: tuple[str, ...]  # Breached rules in the order of the gate.
    binding_rule: str | None
    checks: tuple[Check, ...]
    trading_state: TradingState
    equity: Number | None  # In the account's currency.
    drawdown_ratio: Number | None
    daily_pnl: Number | None
    weekly_pnl: Number | None
    limits_version: str
    valid_until_ms: Millis
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


class Exit(Written, frozen=True, kw_only=True, tag_field="kind", tag="exit"):
    exit_id: AnyId
    account_id: Id
    symbol: Symbol
    side: Side
    quantity: Quantity  # In units, unsigned.
    reason: ExitReason
    reduce_only: Literal[True] = True
    valid_until_ms: Millis
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


class Stop(StopRow, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """The row of emergency_stops, in the engine's own order."""


TOPIC = Topic(
    name="decisions",
    direction="out",
    message=Decision | Exit | Stop,
    key="account_id",
    writers=("risk",),
    readers=("engine", "strategy", "desk"),
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
