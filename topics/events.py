"""Events: the one ordered log that risk reads; each input with what the market said at that moment.

An event's `type` names the topic of its body; `heartbeat` and `revaluation` come from broadcast.
"""

from decimal import Decimal
from typing import cast

from msgspec import Struct

from topics.accounts import TOPIC as ACCOUNTS
from topics.accounts import CashFlow
from topics.controls import TOPIC as CONTROLS
from topics.controls import Control
from topics.fields import AccountOrAll, Id, Symbol
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


class Source(Struct, frozen=True, kw_only=True, gc=False):
    topic: str  # Without the prefix.
    topic_id: str  # Kafka's own, so that a topic made again starts anew.
    partition: int
    offset: int


class Heartbeat(Struct, frozen=True, kw_only=True, gc=False):
    """Broadcast lives: somebody watches the stops of this partition."""


class Revaluation(Struct, frozen=True, kw_only=True, gc=False):
    """What the market says to a quiet account. Of `*`: broadcast lacks rows of account_states."""

    markets: tuple[Market, ...] = ()  # Of every watched symbol.


class _Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    account_id: AccountOrAll
    source: Source | None = None  # None: no input of ours; a repetition does no harm.
    instrument: Instrument | None = None
    quote: Quote | None = None
    rates: tuple[Rate, ...] = ()


class SignalEvent(_Event, frozen=True, kw_only=True, tag="signals"):
    body: Signal
    sessions: tuple[Session, ...] = ()  # Of the instrument's exchange, open within the hour.


class FillEvent(_Event, frozen=True, kw_only=True, tag="fills"):
    body: Fill


class OrderEvent(_Event, frozen=True, kw_only=True, tag="orders"):
    body: Order


class PositionEvent(_Event, frozen=True, kw_only=True, tag="positions"):
    body: PositionSnapshot


class AccountEvent(_Event, frozen=True, kw_only=True, tag="accounts"):
    body: CashFlow
    # Where the body's currency is none of them: those that events carry rates in, by a setting.
    rated_currencies: tuple[Id, ...] = ()


class LimitsEvent(_Event, frozen=True, kw_only=True, tag="limits"):
    body: LimitsDocument


class ControlEvent(_Event, frozen=True, kw_only=True, tag="controls"):
    body: Control


class HeartbeatEvent(_Event, frozen=True, kw_only=True, tag="heartbeat"):
    body: Heartbeat


class RevaluationEvent(_Event, frozen=True, kw_only=True, tag="revaluation"):
    body: Revaluation


class InstrumentsEvent(_Event, frozen=True, kw_only=True, tag="instruments"):
    """Several instruments name one pair, or do no more since the source was withdrawn."""

    body: Instrument  # The second one, whose price is no rate, else the one that is left.
    sources: tuple[
        Symbol, ...
    ]  # Symbols that name the pair, earliest first: the first is the rate's.
    others: int = 0  # How many more name it.
    withdrawn: Symbol | None = None  # The source before.


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
    readers=("risk",),
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
