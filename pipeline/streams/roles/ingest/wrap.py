"""Turn an input record into an event, with what the tables know of its symbol, or a dead letter.

No Kafka client, so that ingest and replay share it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct

from pipeline.streams.dead_letter import dead_letter
from pipeline.streams.role_interface import Record
from pipeline.streams.tables.currency_pairs import Conflict
from pipeline.streams.tables.input_record import read
from pipeline.streams.tables.sessions import sessions_around
from pipeline.streams.tables.tables import Tables
from topics.accounts import CashFlow
from topics.codec import DecodeError, encode_event, key_of
from topics.dead_letters import DeadLetter
from topics.event_types import EVENT_TYPES
from topics.events import InstrumentsEvent, Session, Source
from topics.fields import EVERYONE
from topics.instruments import Instrument
from topics.signals import Signal
from topics.topic import Topic

__all__ = ["Stream", "Wrapped", "Wrapping"]

# The event class of each topic; Any, because only the topic determines which body fits.
_EVENTS: dict[str, Any] = dict(EVENT_TYPES)


class Stream(NamedTuple):
    """A topic that ingest reads."""

    name: str  # Without the prefix.
    topic: Topic  # What it holds: a further topic of signals has the messages of `signals`.
    topic_id: str


class Wrapped(NamedTuple):
    """An event, ready for the log."""

    key: bytes
    value: bytes

    @property
    def for_everyone(self) -> bool:
        """Whether it goes to every partition."""
        return self.key == EVERYONE.encode()


class Wrapping:
    """Wrap the records of the topics that are keyed by account."""

    def __init__(self, tables: Tables, *, event_bytes_max: int, now_ms: Callable[[], int]) -> None:
        self._tables = tables
        self._now_ms = now_ms
        self._event_bytes_max = event_bytes_max

    def wrap(self, record: Record, stream: Stream) -> Wrapped | DeadLetter:
        """Return the event or the dead letter of a record."""
        topic = stream.topic
        try:
            body = read(record, topic)
            source = Source(
                topic=stream.name,
                topic_id=stream.topic_id,
                partition=record.partition,
                offset=record.offset,
            )
            value = self._value(body, topic.name, source=source)
        except DecodeError as error:
            return dead_letter(record, error, topic=stream.name, topic_id=stream.topic_id)
        return Wrapped(key_of(topic, body).encode(), value)

    def conflicts(self) -> list[Wrapped]:
        """Return an event of `*` for each unreported conflict of a currency pair."""
        return [
            Wrapped(EVERYONE.encode(), encode_event(_conflict(document, conflict)))
            for document, conflict in self._tables.take_conflicts()
        ]

    def _value(self, body: Struct, topic: str, *, source: Source) -> bytes:
        event = partial(_EVENTS[topic], source=source, body=body)
        account_id = getattr(body, "account_id")  # noqa: B009 - Every body keyed by account has it.
        symbol: str | None = getattr(body, "symbol", None)
        if isinstance(body, CashFlow):
            rates, rated = self._tables.rates_of((body.currency,)), self._rated(body)
            value = encode_event(event(account_id=account_id, rates=rates, rated_currencies=rated))
        elif symbol is None:
            value = encode_event(event(account_id=account_id))
        else:
            market = self._tables.market(symbol)
            rates = self._tables.rates(market.instrument, getattr(body, "fee_currency", None))
            if isinstance(body, Signal):
                event = partial(event, sessions=self._sessions(market.instrument))
            value = encode_event(
                event(
                    account_id=account_id,
                    instrument=market.instrument,
                    quote=market.quote,
                    rates=rates,
                )
            )
        if len(value) > self._event_bytes_max:
            raise DecodeError(
                f"Expected an event of at most {self._event_bytes_max} bytes, got {len(value)}", "$"
            )
        return value

    def _rated(self, flow: CashFlow) -> tuple[str, ...]:
        """Return the account currencies of the settings if an opening's is not among them."""
        currencies = self._tables.currencies
        opens = flow.kind in {"opening", "snapshot"}
        return currencies if opens and flow.currency not in currencies else ()

    def _sessions(self, instrument: Instrument | None) -> tuple[Session, ...]:
        """Return the current sessions of an instrument's exchange."""
        if instrument is None or instrument.session is None:
            return ()
        return sessions_around(instrument.session, self._now_ms())


def _conflict(document: Instrument, conflict: Conflict) -> InstrumentsEvent:
    return InstrumentsEvent(
        account_id=EVERYONE,
        body=document,
        sources=conflict.sources,
        others=conflict.others,
        withdrawn=conflict.withdrawn,
    )
