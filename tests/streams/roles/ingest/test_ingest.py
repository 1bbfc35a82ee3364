"""Ingest without a broker: where each record goes."""

import json

import pytest
from msgspec import Struct

from pipeline.streams.input_groups import STREAMS
from pipeline.streams.observe.metrics import value
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition
from pipeline.streams.roles.ingest.ingest import Ingest
from pipeline.streams.settings import Settings
from pipeline.streams.tables import input_record
from pipeline.streams.tables.tables import Tables
from tests import given
from tests.streams.fakes import Outbox, record
from topics import codec
from topics.topic import Topic


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def tables() -> Tables:
    return Tables(Settings(partitions=3))


@pytest.fixture
def ingest(outbox: Outbox, tables: Tables) -> Ingest:
    role = Ingest(Settings(partitions=3), tables, produce=outbox, tally=Tally())
    for topic in STREAMS:
        role.assign(Partition(f"risk.{topic.name}", 0, f"id-of-{topic.name}"), None)
    return role


def test_event_goes_where_its_key_belongs_when_an_account_is_named(
    ingest: Ingest, outbox: Outbox
) -> None:
    ingest.apply(record("risk.signals", codec.encode(given.signal()), offset=7))

    (sent,) = outbox.sent
    assert (sent.topic, sent.key, sent.partition) == ("risk.events", b"acct-1", 2)
    assert sent.row["type"] == "signals"
    assert sent.row["source"] == {
        "topic": "signals",
        "topic_id": "id-of-signals",
        "partition": 0,
        "offset": 7,
    }


def test_event_goes_to_every_partition_when_everyone_is_named(
    ingest: Ingest, outbox: Outbox
) -> None:
    document = codec.encode(given.limits({}))

    ingest.apply(record("risk.limits", document, key=b"*"))

    assert [(sent.key, sent.partition) for sent in outbox.sent] == [(b"*", 0), (b"*", 1), (b"*", 2)]
    assert len({sent.value for sent in outbox.sent}) == 1


def test_dead_letter_keeps_the_record_s_key_when_the_record_does_not_decode(
    ingest: Ingest, outbox: Outbox
) -> None:
    ingest.apply(record("risk.fills", b"{", key=b"acct-9", offset=3))

    (sent,) = outbox.sent
    assert (sent.topic, sent.key) == ("risk.dead_letters", b"acct-9")
    assert sent.row["source"] == {
        "topic": "fills",
        "topic_id": "id-of-fills",
        "partition": 0,
        "offset": 3,
        "key": "acct-9",
    }


def test_nothing_is_written_when_an_instrument_is_as_it_should_be(
    ingest: Ingest, outbox: Outbox
) -> None:
    instrument = codec.encode(given.instrument())

    ingest.apply(record("risk.instruments", instrument, key=given.SYMBOL.encode()))

    assert outbox.sent == []


def test_everyone_is_told_once_when_two_instruments_name_one_pair(
    ingest: Ingest, outbox: Outbox, tables: Tables
) -> None:
    for symbol in ("A", "B"):
        tables.apply_instrument(given.instrument(symbol, base_currency="BTC"))

    ingest.publish()
    ingest.publish()

    assert [(sent.key, sent.partition) for sent in outbox.sent] == [(b"*", 0), (b"*", 1), (b"*", 2)]
    row = outbox.sent[0].row
    assert (row["type"], row["sources"]) == ("instruments", ["A", "B"])


def test_nothing_is_written_when_an_instrument_is_withdrawn(ingest: Ingest, outbox: Outbox) -> None:
    ingest.apply(record("risk.instruments", None, key=given.SYMBOL.encode()))

    assert outbox.sent == []


def test_flow_carries_the_rates_of_its_currency(
    ingest: Ingest, outbox: Outbox, tables: Tables
) -> None:
    tables.apply_instrument(given.instrument("EURUSD", base_currency="EUR"))
    price = given.price("1.1", symbol="EURUSD", as_of_ms=given.T0_MS)
    tables.apply_price(price, offset=1, appended_ms=given.T0_MS)
    flow = given.flow("deposit", 5, currency="EUR", as_of_ms=given.T0_MS)

    ingest.apply(record("risk.accounts", codec.encode(flow)))

    assert outbox.sent[0].row["rates"] == [
        {"base": "EUR", "quote": "USD", "rate": "1.1", "as_of_ms": given.T0_MS}
    ]


def test_instrument_becomes_a_dead_letter_when_its_key_is_another_symbol(
    ingest: Ingest, outbox: Outbox
) -> None:
    ingest.apply(record("risk.instruments", codec.encode(given.instrument()), key=b"ETH-USD"))

    (sent,) = outbox.sent
    assert (sent.topic, sent.row["path"]) == ("risk.dead_letters", "$.symbol")


@pytest.mark.parametrize(
    ("topic", "message", "counted"),
    [
        ("fills", given.fill(), 2),
        ("orders", given.order("accepted"), 2),
        ("instruments", given.instrument(), 2),
        ("controls", given.control("halt"), 2),
        ("signals", given.signal(), 0),
    ],
)
def test_unknown_fields_are_counted_when_a_record_has_some(
    ingest: Ingest, topic: str, message: Struct, counted: int
) -> None:
    fields = json.loads(codec.encode(message))
    more = {"x_one": 1, "x_two": {}} if topic == "signals" else {"one": 1, "two": {"deep": []}}
    before = value("riskgate_unknown_fields_total", topic=topic)
    key = str(fields.get("account_id", fields.get("symbol", ""))).encode()

    ingest.apply(record(f"risk.{topic}", codec.encode(message), key=key))
    ingest.apply(record(f"risk.{topic}", json.dumps(fields | more).encode(), key=key))
    ingest._tally.flush()

    assert value("riskgate_unknown_fields_total", topic=topic) - before == counted


def test_prices_are_no_stream_of_ingest_when_the_streams_are_listed() -> None:
    assert [topic.name for topic in STREAMS] == [
        "signals",
        "orders",
        "fills",
        "positions",
        "accounts",
        "limits",
        "controls",
        "instruments",
    ]


@pytest.mark.parametrize("topic", STREAMS, ids=lambda topic: topic.name)
def test_ingest_goes_on_when_riskgate_fails_on_a_record(
    ingest: Ingest, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, topic: Topic
) -> None:
    monkeypatch.setattr(input_record, "decode", lambda *_: 1 / 0)

    ingest.apply(record(f"risk.{topic.name}", b"{}", offset=4))
    ingest.publish()

    (sent,) = outbox.sent
    assert (sent.topic, sent.row["error"]) == (
        "risk.dead_letters",
        "internal: ZeroDivisionError",
    )


def test_event_names_its_topic_when_a_signal_comes_from_a_further_one(
    ingest: Ingest, outbox: Outbox
) -> None:
    ingest.assign(Partition("risk.signals.a", 0, "id-of-a"), None)

    ingest.apply(record("risk.signals.a", codec.encode(given.signal()), offset=7))
    ingest.apply(record("risk.signals.a", b"{", key=b"acct-1", offset=8))

    event, letter = outbox.sent
    place = {"topic": "signals.a", "topic_id": "id-of-a", "partition": 0}
    assert (event.row["type"], event.row["source"]) == ("signals", {**place, "offset": 7})
    assert letter.row["source"] == {**place, "offset": 8, "key": "acct-1"}
