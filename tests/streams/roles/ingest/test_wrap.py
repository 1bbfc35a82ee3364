"""Input records as events: what is added, and what becomes a dead letter instead."""

from decimal import Decimal
from hashlib import blake2b
from typing import Any

import pytest
from msgspec import Struct

from pipeline.streams.role_interface import Record
from pipeline.streams.roles.ingest.wrap import Stream, Wrapped, Wrapping
from pipeline.streams.settings import Settings
from pipeline.streams.tables.input_record import read
from pipeline.streams.tables.tables import Tables
from tests import given
from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError, decode_as, encode
from topics.dead_letters import DeadLetter, DeadSource
from topics.events import ControlEvent, Event, Rate, SignalEvent, Source
from topics.topic import Topic

KEYED_BY_ACCOUNT = [topic for topic in INPUTS if topic.key == "account_id"]

ANY_EVENT: Any = Event
SIGNAL = given.signal(created_at_ms=given.T0_MS)


@pytest.fixture
def tables() -> Tables:
    tables = Tables(Settings.model_construct())
    tables.apply_instrument(given.instrument(base_currency="BTC"))
    price = given.price(100, as_of_ms=given.T0_MS)
    tables.apply_price(price, offset=41, appended_ms=given.T0_MS)
    return tables


def record(topic: str, value: bytes | None, *, key: bytes | None = b"acct-1") -> Record:
    return Record(topic, 3, 17, key, value, given.T0_MS, timestamp_is_append_time=False)


def wrap(tables: Tables, topic: str, given_record: Record, *, bytes_max: int = 262_144) -> Any:
    wrapping = Wrapping(tables, event_bytes_max=bytes_max, now_ms=lambda: given.T0_MS)
    return wrapping.wrap(given_record, Stream(topic, TOPICS[topic], "id-1"))


def test_event_carries_what_the_tables_know_when_its_body_has_a_symbol(tables: Tables) -> None:
    wrapped = wrap(tables, "signals", record("signals", encode(SIGNAL)))

    market = tables.market("BTC-USD")
    assert wrapped.key == b"acct-1"
    assert decode_as(ANY_EVENT, wrapped.value) == SignalEvent(
        account_id="acct-1",
        source=Source(topic="signals", topic_id="id-1", partition=3, offset=17),
        instrument=market.instrument,
        quote=market.quote,
        rates=(Rate(base="BTC", quote="USD", rate=Decimal(100), as_of_ms=given.T0_MS),),
        body=SIGNAL,
    )


# T0 is the midnight that begins a Thursday; the London session before it closed long ago.
@pytest.mark.parametrize(("session", "count"), [(None, 0), ("24/7", 1), ("XLON", 0)])
def test_signal_carries_the_sessions_of_its_exchange_when_there_are_any(
    tables: Tables, session: str | None, count: int
) -> None:
    tables.apply_instrument(given.instrument(session=session))

    wrapped = wrap(tables, "signals", record("signals", encode(SIGNAL)))

    assert len(decode_as(ANY_EVENT, wrapped.value).sessions) == count


def test_event_goes_to_everyone_when_a_control_names_all_accounts(tables: Tables) -> None:
    control = given.control("halt", account_id="*", issued_at_ms=given.T0_MS)

    wrapped = wrap(tables, "controls", record("controls", encode(control), key=b"*"))

    assert wrapped.for_everyone
    assert decode_as(ANY_EVENT, wrapped.value) == ControlEvent(
        account_id="*",
        source=Source(topic="controls", topic_id="id-1", partition=3, offset=17),
        body=control,
    )


@pytest.mark.parametrize("topic", KEYED_BY_ACCOUNT, ids=lambda topic: topic.name)
def test_example_becomes_an_event_when_its_key_is_the_account(tables: Tables, topic: Topic) -> None:
    key = getattr(topic.example, "account_id").encode()  # noqa: B009

    wrapped = wrap(tables, topic.name, record(topic.name, encode(topic.example), key=key))

    assert isinstance(wrapped, Wrapped)
    assert decode_as(ANY_EVENT, wrapped.value).body == topic.example


def test_number_keeps_its_digits_when_it_came_as_a_json_number(tables: Tables) -> None:
    raw = encode(SIGNAL).replace(b'"quantity":"1"', b'"quantity":1.100000000000000000000000001')

    wrapped = wrap(tables, "signals", record("signals", raw))

    assert b'"quantity":"1.100000000000000000000000001"' in wrapped.value


@pytest.mark.parametrize(
    ("key", "error", "path"),
    [
        (None, "Expected the account_id as the key, got none", "key"),
        (b"\xff", "Expected the account_id as the key, got invalid UTF-8", "key"),
        (b"acct-2", "Expected the message's own key, 'acct-2'", "$.account_id"),
        (b"", "Expected the message's own key, ''", "$.account_id"),
    ],
)
def test_record_is_a_dead_letter_when_its_key_is_not_the_account(
    tables: Tables, key: bytes | None, error: str, path: str
) -> None:
    letter = wrap(tables, "signals", record("signals", encode(SIGNAL), key=key))

    assert isinstance(letter, DeadLetter)
    assert (letter.error, letter.path) == (error, path)


def test_dead_letter_describes_the_record_when_it_does_not_decode(tables: Tables) -> None:
    letter = wrap(tables, "signals", record("signals", b"{}", key=b"\xffa"))

    assert letter == DeadLetter(
        source=DeadSource(topic="signals", topic_id="id-1", partition=3, offset=17, key="\\xffa"),
        error="Object missing required field `signal_id`",
        path="$.signal_id",
        raw=b"{}",
        raw_bytes=2,
        raw_digest=blake2b(b"{}", digest_size=16).hexdigest(),
    )


def test_dead_letter_keeps_16_kib_when_the_message_is_larger(tables: Tables) -> None:
    raw = b"[" * 20_000

    letter = wrap(tables, "signals", record("signals", raw))

    assert (letter.raw, letter.raw_bytes) == (b"[" * 16_384, 20_000)
    assert letter.raw_digest == blake2b(raw, digest_size=16).hexdigest()


@pytest.mark.parametrize("spare", [0, -1])
def test_event_is_a_dead_letter_when_it_is_larger_than_allowed(tables: Tables, spare: int) -> None:
    size = len(wrap(tables, "signals", record("signals", encode(SIGNAL))).value)

    became = wrap(tables, "signals", record("signals", encode(SIGNAL)), bytes_max=size + spare)

    assert isinstance(became, Wrapped if spare == 0 else DeadLetter)


def test_message_is_refused_when_its_key_is_not_its_symbol() -> None:
    price = record("prices", encode(given.price(1, as_of_ms=1)), key=b"ETH-USD")

    with pytest.raises(DecodeError, match=r"\$\.symbol: Expected the message's own key, 'ETH-USD'"):
        read(price, TOPICS["prices"])


@pytest.mark.parametrize("message", [given.price(1, as_of_ms=1), given.instrument()], ids=str)
def test_message_is_read_when_its_key_is_its_symbol(message: Struct) -> None:
    topic = TOPICS["prices" if hasattr(message, "as_of_ms") else "instruments"]

    assert read(record(topic.name, encode(message), key=b"BTC-USD"), topic) == message
