"""What the table reader makes of brokers that do not say where a log ends."""

from typing import cast

import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from pipeline.streams.role_interface import Place, Stopped
from pipeline.streams.settings import Settings
from pipeline.streams.tables.log_ends import ANSWER_SECONDS_MAX, LogEnd, LogEnds
from pipeline.streams.tables.progress import TableProgress
from pipeline.streams.tables.reader import TableReader
from pipeline.streams.tables.tables import Tables

PLACE = ("risk.prices", 0)
BEGIN_S = 1000.0


class Brokers:
    """Brokers that say where the log ends, or do not; and a consumer that read all of it."""

    end = 10
    error: int | None = None
    partitions: frozenset[Place] = frozenset({PLACE})
    places: frozenset[Place] = frozenset()
    now_s = BEGIN_S

    def __init__(self) -> None:
        self.assigned: list[tuple[str, int, int]] = []

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        """Note what is read from now on."""
        self.assigned += [(place.topic, place.partition, place.offset) for place in places]

    def take(self) -> list[LogEnd]:
        """Answer for each partition that is asked for."""
        error = None if self.error is None else KafkaError(self.error)
        return [LogEnd(place, self.end, error, self.now_s) for place in self.places]

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
    reader._ends = cast(LogEnds, brokers)
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


def test_table_is_of_use_when_the_brokers_went_on_answering(
    reader: TableReader, brokers: Brokers
) -> None:
    for second in range(1, 31):
        brokers.now_s = BEGIN_S + second
        reader._check_lags(BEGIN_S + second)

    assert reader._logs[PLACE].answered_s == BEGIN_S + 30


def test_reader_stops_when_the_log_goes_on_and_the_table_does_not(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.end = 11
    reader._check_lags(BEGIN_S + 1)  # Sees the new end and waits for it.

    brokers.now_s = BEGIN_S + 12
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


def test_answer_counts_from_when_it_was_asked_when_it_comes_late(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.now_s = BEGIN_S + 2

    reader._check_lags(BEGIN_S + 5)

    assert reader._logs[PLACE].answered_s == BEGIN_S + 2


def test_answer_without_an_end_is_none_when_a_leader_died(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.end, brokers.now_s = -1, BEGIN_S + 11

    with pytest.raises(Stopped, match="for 11 s"):
        reader._check_lags(BEGIN_S + 11)


def test_new_partition_is_read_from_its_beginning_when_the_brokers_name_it(
    reader: TableReader, brokers: Brokers
) -> None:
    brokers.partitions = frozenset({PLACE, ("risk.prices", 1)})

    reader._check_lags(BEGIN_S + 1)

    assert brokers.assigned == [("risk.prices", 1, OFFSET_BEGINNING)]
    assert reader._logs.keys() == {PLACE, ("risk.prices", 1)}


class SilentBrokers:
    """Brokers that are gone."""

    def offsets_for_times(
        self, wanted: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        """Answer nothing."""
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


class SlowBrokers:
    """Brokers that take longer than a request of the reader may, and less than is waited here."""

    def offsets_for_times(
        self, wanted: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]:
        """Answer if the client has the patience."""
        if timeout < 1.0:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return [TopicPartition(place.topic, place.partition, 10) for place in wanted]


def test_end_is_known_when_a_broker_takes_a_second_to_answer() -> None:
    ends = LogEnds({"bootstrap.servers": "none", "group.id": "none"}, ["risk.prices"])
    ends._consumer.close()
    ends._consumer = SlowBrokers()

    assert ends._ask([PLACE], BEGIN_S) == [LogEnd(PLACE, 10, None, BEGIN_S)]
    # Asked again, with as long to answer, before a table of 15 s would be too old.
    assert 2 * ANSWER_SECONDS_MAX < 15 / 2


def test_error_is_the_answer_of_each_partition_when_no_broker_says_where_it_ends() -> None:
    ends = LogEnds({"bootstrap.servers": "none", "group.id": "none"}, ["risk.prices"])
    ends._consumer.close()
    ends._consumer = SilentBrokers()

    answers = ends._ask([PLACE, ("risk.prices", 1)], BEGIN_S)

    assert [(end.place, end.error and end.error.code()) for end in answers] == [
        (PLACE, KafkaError._TIMED_OUT),
        (("risk.prices", 1), KafkaError._TIMED_OUT),
    ]
