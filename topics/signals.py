"""Signals: what a strategy wants. Each distinct `signal_id` of an account gets one decision."""

import re
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from topics.fields import (
    DecodeError,
    EventId,
    Id,
    Millis,
    Number,
    Positive,
    Share,
    StrategyId,
    Symbol,
)
from topics.topic import Topic

_DERIVED = re.compile(r"[0-9]+:[0-9]+")  # What follows the account in an id of ours.
_SIDES: dict[object, str] = {2: "buy", 0: "sell", 1: "hold"}  # As classifiers number them.


# Strict: a misspelt limit_price must not become a market order.
class Signal(
    Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True
):
    signal_id: EventId  # Unique per account.
    account_id: Id
    strategy_id: StrategyId | None = None
    symbol: Symbol
    side: Literal["buy", "sell", "hold", 2, 0, 1]  # 2 buy, 0 sell, 1 hold; words once decoded.
    quantity: Positive | None = None  # In units of the instrument; absent: sized by the gate.
    limit_price: Number | None = None  # In the settlement currency; absent: a market order.
    stop_price: Number | None = None  # In the settlement currency.
    confidence: Share | None = None  # 0 to 1; absent counts as 1.
    strength: Share | None = None  # 0 to 1; carried, not judged.
    reduce_only: bool = False
    created_at_ms: Millis
    expires_at_ms: Millis | None = None

    def __post_init__(self) -> None:
        if self.side in _SIDES:
            force_setattr(self, "side", _SIDES[self.side])
        own, _, rest = self.signal_id.partition(":")
        if own == self.account_id and _DERIVED.fullmatch(rest):
            raise DecodeError("Expected no id of the form that riskgate gives", "$.signal_id")


TOPIC = Topic(
    name="signals",
    direction="in",
    message=Signal,
    key="account_id",
    writers=("strategy",),
    readers=("ingest",),
    example=Signal(
        signal_id="momentum:1",
        account_id="acct-1",
        strategy_id="momentum",
        symbol="BTC-USD",
        side="buy",
        quantity=Decimal("0.5"),
        limit_price=Decimal(50000),
        stop_price=Decimal(49000),
        confidence=Decimal("0.85"),
        strength=Decimal("0.6"),
        created_at_ms=1_767_225_600_000,
        expires_at_ms=1_767_225_605_000,
    ),
)
