"""What the table reader makes of documents of instruments, withdrawn ones among them."""

import pytest

from pipeline.streams.settings import Settings
from pipeline.streams.tables import reader as table_reader
from pipeline.streams.tables.progress import TableProgress
from pipeline.streams.tables.reader import Refused, TableReader
from pipeline.streams.tables.tables import Tables
from tests import given
from topics.codec import encode
from topics.events import Market

TOPIC = "risk.instruments"


class Document:
    """A message of `instruments` as the client hands it over."""

    def __init__(
        self, symbol: str, value: bytes | None, *, offset: int, at_ms: int, partition: int = 0
    ) -> None:
        self._symbol, self._value, self._offset = symbol, value, offset
        self._at_ms, self._partition = at_ms, partition

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return self._symbol.encode()

    def value(self) -> bytes | None:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 2, self._at_ms

    def error(self) -> None:
        return None


def named(symbol: str, *, offset: int, at_ms: int, partition: int = 0) -> Document:
    """A document of euros in dollars."""
    document = given.instrument(symbol, base_currency="EUR")
    return Document(symbol, encode(document), offset=offset, at_ms=at_ms, partition=partition)


@pytest.fixture
def tables() -> Tables:
    return Tables(Settings())


@pytest.fixture
def reader(tables: Tables) -> TableReader:
    reader = TableReader(Settings(), tables, on_failure=lambda: None)
    reader._consumer.close()
    reader._logs = {(TOPIC, 0): TableProgress(10), (TOPIC, 1): TableProgress(10)}
    return reader


def test_first_that_named_a_pair_keeps_it_when_it_comes_again_in_one_batch(
    reader: TableReader, tables: Tables
) -> None:
    reader._take([
        named("A", offset=1, at_ms=1), named("B", offset=2, at_ms=2), named("A", offset=3, at_ms=3),
    ])  # fmt: skip

    assert (tables.rate_pair("A"), tables.rate_pair("B")) == (("EUR", "USD"), None)


def test_first_is_the_one_appended_first_when_partitions_are_read_one_after_the_other(
    reader: TableReader, tables: Tables
) -> None:
    reader._take([named("A", offset=0, at_ms=9)])
    reader._take([named("B", offset=5, at_ms=8, partition=1)])

    assert (tables.rate_pair("A"), tables.rate_pair("B")) == (None, ("EUR", "USD"))


def test_instrument_is_gone_when_its_document_was_deleted(
    reader: TableReader, tables: Tables
) -> None:
    refused: list[object] = []
    reader.on_refused = refused.append
    reader._take([named("A", offset=1, at_ms=1), Document("A", None, offset=2, at_ms=2)])

    assert tables.market("A") == Market(symbol="A")
    assert (refused, reader._logs[TOPIC, 0].position) == ([], 3)


def test_table_goes_on_when_riskgate_fails_on_a_row(
    reader: TableReader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Refused] = []
    reader.on_refused = refused.append
    with monkeypatch.context() as broken:
        broken.setattr(table_reader, "read", lambda *_: 1 / 0)
        reader._take([named("B", offset=1, at_ms=1)])

    reader._take([named("A", offset=2, at_ms=2)])

    assert [row.error.error for row in refused] == ["internal: ZeroDivisionError"]
    assert tables.rate_pair("A") == ("EUR", "USD")
