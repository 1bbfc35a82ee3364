"""Events: the one ordered log that risk reads; each input with the market data of that moment.

An event's `type` names the topic of its body; `heartbeat` and `revaluation` come from broadcast.
"""

from decimal import Decimal
from typing import Annotated, cast

from msgspec import Struct

from topics.accounts import TOPIC as ACCOUNTS
from topics.accounts import CashFlow
from topics.controls import TOPIC as CONTROLS
from topics.controls import Control
from topics.event_parts import Heartbeat, Revaluation, Source
from topics.fields import AccountOrAll, Id, Symbol, doc
from topics.fills import TOPIC as FILLS
from topics.fills import Fill
from topics.instruments import TOPIC as INSTRUMENTS
from topics.instruments import Instrument
from topics.limits import TOPIC as LIMITS
from topics.limits import LimitsDocument
from topics.orders import TOPIC as ORDERS
from topics.orders import Order
from topics.positions import TOPIC as POSITIONS
from topics.positions import PositionSnapshot
from topics.quotes import Market, Quote, Rate, Session
from topics.signals import TOPIC as SIGNALS
from topics.signals import Signal
from topics.topic import DAY_MS, Topic

__all__ = [
    "FROM_BEFORE", "TOPIC", "AccountEvent", "ControlEvent", "Event", "FillEvent", "Heartbeat",
    "HeartbeatEvent", "InstrumentsEvent", "LimitsEvent", "Market", "OrderEvent", "PositionEvent",
    "Quote", "Rate", "Revaluation", "RevaluationEvent", "Session", "SignalEvent", "Source",
    "is_from_before",
]  # fmt: skip


class _Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    account_id: Annotated[
        AccountOrAll, doc("Account that it concerns, or `*` for every account; also the key.")
    ]
    source: Annotated[
        Source | None,
        doc("Where the input stands.", absent="it is no input, and a repetition does no harm"),
    ] = None
    instrument: Annotated[
        Instrument | None,
        doc("Instrument of the body's symbol.", absent="there is no symbol, or it is unknown"),
    ] = None
    quote: Annotated[
        Quote | None,
        doc("Newest quote of that symbol.", absent="there is no symbol, or no quote yet"),
    ] = None
    rates: Annotated[
        tuple[Rate, ...],
        doc("Exchange rates that the account may need.", absent="none is needed or known"),
    ] = ()


class SignalEvent(_Event, frozen=True, kw_only=True, tag="signals"):
    body: Annotated[Signal, doc("The signal as it was read.")]
    sessions: Annotated[
        tuple[Session, ...],
        doc(
            "Sessions of the exchange that are open within the hour.",
            absent="the exchange is closed, or the instrument names none",
        ),
    ] = ()


class FillEvent(_Event, frozen=True, kw_only=True, tag="fills"):
    body: Annotated[Fill, doc("The fill as it was read.")]


class OrderEvent(_Event, frozen=True, kw_only=True, tag="orders"):
    body: Annotated[Order, doc("The order status as it was read.")]


class PositionEvent(_Event, frozen=True, kw_only=True, tag="positions"):
    body: Annotated[PositionSnapshot, doc("The position snapshot as it was read.")]


class AccountEvent(_Event, frozen=True, kw_only=True, tag="accounts"):
    body: Annotated[CashFlow, doc("The balance or cash flow as it was read.")]
    rated_currencies: Annotated[
        tuple[Id, ...],
        doc(
            "Currencies that events carry rates in, if the body's is not one of them.",
            absent="events carry rates in the body's currency",
        ),
    ] = ()


class LimitsEvent(_Event, frozen=True, kw_only=True, tag="limits"):
    body: Annotated[LimitsDocument, doc("The limits document as it was read.")]


class ControlEvent(_Event, frozen=True, kw_only=True, tag="controls"):
    body: Annotated[Control, doc("The control as it was read.")]


class HeartbeatEvent(_Event, frozen=True, kw_only=True, tag="heartbeat"):
    body: Annotated[Heartbeat, doc("Empty object.")]


class RevaluationEvent(_Event, frozen=True, kw_only=True, tag="revaluation"):
    body: Annotated[Revaluation, doc("What the market says.")]


class InstrumentsEvent(_Event, frozen=True, kw_only=True, tag="instruments"):
    """Several instruments name one pair, or do no more since the source was withdrawn."""

    body: Annotated[
        Instrument,
        doc("Second instrument, whose price is not used as the rate, or the only one left."),
    ]
    sources: Annotated[
        tuple[Symbol, ...],
        doc("Symbols that name the pair, earliest first: the first one's price is the rate."),
    ]
    others: Annotated[int, doc("How many more name the pair.", absent="no more do")] = 0
    withdrawn: Annotated[
        Symbol | None,
        doc("Symbol that was the source before.", absent="none was, or it still is"),
    ] = None


Event = (
    SignalEvent
    | FillEvent
    | OrderEvent
    | PositionEvent
    | AccountEvent
    | LimitsEvent
    | ControlEvent
    | HeartbeatEvent
    | RevaluationEvent
    | InstrumentsEvent
)

_BEFORE = (b'{"type":"tick"', b'{"type":"pulse"')
FROM_BEFORE = "an event from before the first release, which does not load: begin with new topics"


def is_from_before(value: bytes) -> bool:
    """Whether broadcast wrote an event before heartbeats and revaluations had their names."""
    return value.startswith(_BEFORE)


_SOURCE = Source(topic="signals", topic_id="AAAAAAAAAAAAAAAAAAAAAQ", partition=3, offset=17)
_INSTRUMENT = cast(Instrument, INSTRUMENTS.example)
_QUOTE = Quote(
    symbol="BTC-USD",
    bid=Decimal("49999.5"),
    ask=Decimal("50000.5"),
    as_of_ms=1_767_225_599_900,
    offset=41,
)

TOPIC = Topic(
    name="events",
    direction="between",
    message=Event,
    key="account_id",
    writers=("ingest", "broadcast"),
    readers=("risk", "operator"),
    retention_ms=30 * DAY_MS,
    append_time=True,
    copartitioned=True,
    example=SignalEvent(
        account_id="acct-1",
        source=_SOURCE,
        body=cast(Signal, SIGNALS.example),
        instrument=_INSTRUMENT,
        quote=_QUOTE,
        rates=(Rate(base="BTC", quote="USD", rate=Decimal(50000), as_of_ms=1_767_225_599_900),),
    ),
    more_examples=(
        FillEvent(account_id="acct-1", source=_SOURCE, body=cast(Fill, FILLS.example)),
        OrderEvent(account_id="acct-1", source=_SOURCE, body=cast(Order, ORDERS.example)),
        PositionEvent(
            account_id="acct-1", source=_SOURCE, body=cast(PositionSnapshot, POSITIONS.example)
        ),
        AccountEvent(account_id="acct-1", source=_SOURCE, body=cast(CashFlow, ACCOUNTS.example)),
        LimitsEvent(account_id="*", source=_SOURCE, body=cast(LimitsDocument, LIMITS.example)),
        ControlEvent(account_id="acct-1", source=_SOURCE, body=cast(Control, CONTROLS.example)),
        HeartbeatEvent(account_id="*", body=Heartbeat()),
        RevaluationEvent(
            account_id="acct-1",
            body=Revaluation(
                markets=(Market(symbol="BTC-USD", instrument=_INSTRUMENT, quote=_QUOTE),),
            ),
        ),
        InstrumentsEvent(
            account_id="*", body=_INSTRUMENT, sources=("BTC/USD", "BTC-USD"), withdrawn="BTCUSD"
        ),
    ),
)
