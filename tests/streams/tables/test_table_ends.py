"""What the table reader makes of brokers that do not say where a log ends."""

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from pipeline.streams.role_interface import Stopped
from pipeline.streams.settings import Settings
from pipeline.streams.tables.progress import TableProgress
from pipeline.streams.tables.reader import TableReader
from pipeline.streams.tables.tables import Tables

PLACE = ("risk.prices", 0)
BEGIN_S = 1000.0


class Brokers:
    """A consumer whose brokers answer where the log ends, or do not."""

    end: int | None = 10
    error: int | None = None

    def offsets_for_times(
        self, wanted: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        """Answer, of every partition."""
        del timeout
        if self.error is not None:
            raise KafkaException(KafkaError(self.error))
        return [TopicPartition(place.topic, place.partition, self.end) for place in wanted]

    def list_topics(self, topic: str, timeout: float) -> None:
        """Say nothing of partitions."""
        del topic, timeout
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def get_watermark_offsets(self, place: TopicPartition, *, cached: bool) -> tuple[int, int]:
        """Say what the last fetch said."""
        del place, cached
        return 0, 10


@pytest.fixture
def brokers() -> Brokers:
    return Brokers()


@pytest.fixture
def reader(brokers: Brokers) -> TableReader:
    settings = Settings(table_lag_ms_max=10_000)
    reader = TableReader(settings, Tables(settings), on_failure=lambda: None)
    reader._consumer.close()
    reader._consumer = brokers
    log = TableProgress(10)
    log.position, log.answered_s = 10, BEGIN_S
    reader._logs = {PLACE: log}
    reader._check_lags(BEGIN_S)
    return reader


def test_table_is_of_use_when_the_last_answer_is_as_old_as_allowed(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.error = KafkaError._TIMED_OUT

    reader._check_lags(BEGIN_S + 10.0)

    assert reader._logs[PLACE].caught_up


def test_reader_stops_when_the_last_answer_is_older(reader: TableReader, brokers: Brokers) -> None:
    brokers.error = KafkaError._TIMED_OUT

    with pytest.raises(Stopped, match=r"the end offset of risk.prices\[0\] for 11 s"):
        reader._check_lags(BEGIN_S + 11.0)


def test_table_is_of_use_when_the_brokers_went_on_answering(reader: TableReader) -> None:
    for second in range(1, 31):
        reader._check_lags(BEGIN_S + second)

    assert reader._logs[PLACE].answered_s == BEGIN_S + 30


def test_reader_stops_when_the_log_goes_on_and_the_table_does_not(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.end = 11
    reader._check_lags(BEGIN_S + 1)  # Sees the new end and waits for it.

    with pytest.raises(Stopped, match="11 s behind its topic"):
        reader._check_lags(BEGIN_S + 12)


def test_reader_waits_three_times_as_long_when_the_topic_seems_to_be_gone(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.error = KafkaError.UNKNOWN_TOPIC_OR_PART

    for second in range(1, 32):
        reader._check_lags(BEGIN_S + second)

    with pytest.raises(KafkaException):
        reader._check_lags(BEGIN_S + 32)
