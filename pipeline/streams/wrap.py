"""An input record becomes an event with what the tables know of its symbol, or a dead letter.

Without a Kafka client, so that ingest and replay share it.
"""

from typing import Any, NamedTuple

from msgspec import Struct

from pipeline.streams.dead_letter import dead_letter
from pipeline.streams.engine import Record
from pipeline.streams.tables import Tables
from topics.codec import DecodeError, decode, encode_event, key_of
from topics.dead_letters import DeadLetter
from topics.events import (
    AccountEvent,
    ControlEvent,
    FillEvent,
    LimitsEvent,
    OrderEvent,
    PositionEvent,
    SignalEvent,
    Source,
)
from topics.fields import EVERYONE
from topics.topic import Topic

__all__ = ["Wrapped", "Wrapping", "read"]

KEY = "key"  # The path of what is wrong with a record's key; fields of its body begin with `$`.
KEY_CHARACTERS_MAX = 128

# The class of an event by the topic of its body; Any, as only the topic says which body fits.
_EVENTS: dict[str, Any] = {
    "signals": SignalEvent,
    "orders": OrderEvent,
    "fills": FillEvent,
    "positions": PositionEvent,
    "accounts": AccountEvent,
    "limits": LimitsEvent,
    "controls": ControlEvent,
}


class Wrapped(NamedTuple):
    """An event, ready for the log."""

    key: bytes
    value: bytes

    @property
    def for_everyone(self) -> bool:
        """Whether it belongs into every partition."""
        return self.key == EVERYONE.encode()


class Wrapping:
    """Wrap the records of the topics that are keyed by account."""

    def __init__(self, tables: Tables, *, event_bytes_max: int) -> None:
        self._tables = tables
        self._event_bytes_max = event_bytes_max

    def wrap(self, record: Record, topic: Topic, *, topic_id: str) -> Wrapped | DeadLetter:
        """Return what the record becomes."""
        try:
            body = read(record, topic)
            source = Source(
                topic=topic.name,
                topic_id=topic_id,
                partition=record.partition,
                offset=record.offset,
            )
            value = self._value(body, topic.name, source=source)
        except DecodeError as error:
            return dead_letter(record, error, topic=topic.name, topic_id=topic_id)
        return Wrapped(key_of(topic, body).encode(), value)

    def _value(self, body: Struct, topic: str, *, source: Source) -> bytes:
        event = _EVENTS[topic]
        account_id = getattr(body, "account_id")  # noqa: B009 - Every such body has it.
        symbol: str | None = getattr(body, "symbol", None)
        if symbol is None:
            value = encode_event(event(account_id=account_id, source=source, body=body))
        else:
            market = self._tables.market(symbol)
            rates = self._tables.rates(market.instrument, getattr(body, "fee_currency", None))
            value = encode_event(
                event(
                    account_id=account_id,
                    source=source,
                    instrument=market.instrument,
                    quote=market.quote,
                    rates=rates,
                    body=body,
                )
            )
        if len(value) > self._event_bytes_max:
            raise DecodeError(
                f"Expected an event of at most {self._event_bytes_max} bytes, got {len(value)}", "$"
            )
        return value


def read(record: Record, topic: Topic) -> Struct:
    """Decode an input record of any topic and compare its key with its body.

    Raise DecodeError with the path of what is wrong.
    """
    message = decode(topic, record.value)
    if record.key is None:
        raise DecodeError(f"Expected the {topic.key} as the key, got none", KEY)
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise DecodeError(f"Expected the {topic.key} as the key, got no UTF-8", KEY) from None
    if key != key_of(topic, message):
        shown = key[:KEY_CHARACTERS_MAX]
        raise DecodeError(f"Expected the message's own key, {shown!r}", f"$.{topic.key}")
    return message
