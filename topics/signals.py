"""Signals: what a strategy wants. Each distinct `signal_id` of an account gets one decision."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from topics.fields import (
    EPOCH_MS,
    PRICE,
    UNITS,
    AccountId,
    DecodeError,
    EventId,
    Millis,
    Number,
    Positive,
    Share,
    StrategyId,
    Symbol,
    doc,
)
from topics.topic import Topic

_DERIVED = re.compile(r"[0-9]+:[0-9]+")  # What follows the account in an id of ours.
_SIDES: dict[object, str] = {2: "buy", 0: "sell", 1: "hold"}  # As classifiers number them.


# Strict: a misspelt limit_price must not become a market order.
class Signal(
    Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True
):
    signal_id: Annotated[
        EventId,
        doc("Id that the strategy gives, unique per account. A repetition is answered `ignored`."),
    ]
    account_id: AccountId
    strategy_id: Annotated[
        StrategyId | None, doc("Strategy that asks.", absent="the decision names no strategy")
    ] = None
    symbol: Annotated[Symbol, doc("Instrument to trade.")]
    side: Annotated[
        Literal["buy", "sell", "hold", 2, 0, 1],  # Words once decoded.
        doc("What to do; a hold is answered `ignored`. 2 means buy, 0 sell and 1 hold."),
    ]
    quantity: Annotated[
        Positive | None,
        doc(
            "How much to trade.",
            unit=UNITS,
            absent="riskgate sizes the order; with reduce_only it is all that can be closed",
        ),
    ] = None
    limit_price: Annotated[
        Number | None,
        doc("Worst price to trade at.", unit=PRICE, absent="it is a market order"),
    ] = None
    stop_price: Annotated[
        Number | None,
        doc(
            "Price at which to give the position up.",
            unit=PRICE,
            absent="riskgate works one out for an entry, from the ATR or at a fixed ratio",
        ),
    ] = None
    confidence: Annotated[
        Share | None,
        doc(
            "How sure the strategy is.",
            unit="fraction",
            absent="it counts as 1, but is rejected where the limits set a minimum",
        ),
    ] = None
    strength: Annotated[
        Share | None,
        doc(
            "How strong the signal is; recorded, but no rule reads it.",
            unit="fraction",
            absent="nothing changes",
        ),
    ] = None
    reduce_only: Annotated[
        bool,
        doc(
            "True if the order may only reduce a position.",
            absent="it may also open or increase one",
        ),
    ] = False
    created_at_ms: Annotated[
        Millis,
        doc("When the strategy made it; rejected when too old or in the future.", unit=EPOCH_MS),
    ]
    expires_at_ms: Annotated[
        Millis | None,
        doc("From then on it is rejected.", unit=EPOCH_MS, absent="only its age limits it"),
    ] = None

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
