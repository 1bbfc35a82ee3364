"""The one reader of the outputs: committed records, no consumer group, each row once.

Also reads `limits` and `controls`, which people write and want to see between the outputs. Takes
the number of partitions from the broker: the setting is for the roles.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Literal, NamedTuple

import msgspec
from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    Message,
    TopicPartition,
)

from pipeline.outputs.record import NO_VALUE, Output, Period
from pipeline.outputs.repetitions import Repetitions
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.consumer_errors import (
    is_partition_end,
    passes_without_group,
    require_answers,
)
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.read_to_end import operator_reader
from pipeline.streams.settings import Settings
from topics.catalogue import TOPICS

__all__ = ["ALL", "Mark", "OutputReader"]

ANSWER_SECONDS_MAX = 10.0
READ_SECONDS_MAX = 30.0
IDLE_SECONDS = 0.25  # How often someone who follows hears that nothing new came.
QUEUE_KIB_MAX = 16_384
# A worker's clock stamps the record, the broker's the event: they may differ by this.
CLOCKS_MS_MAX = 60_000
ALL = Period()

Mark = dict[tuple[str, int], int]  # Next offset by topic, without its prefix, and partition.


class _Head(msgspec.Struct):
    """What all outputs have; other fields are skipped, which is many times cheaper."""

    account_id: str = ""
    sequence: int = 0
    chain: str = ""
    at_ms: int = 0


_HEADS = msgspec.json.Decoder(_Head)


class _Place(NamedTuple):
    topic: str
    partition: int
    begin: int
    end: int


class OutputReader:
    """Read outputs once to their ends, or follow them.

    Every method raises BrokerError with a sentence when Kafka refuses or does not answer.
    """

    def __init__(self, settings: Settings, *, seconds_max: float = READ_SECONDS_MAX) -> None:
        self.broker = Broker(settings)
        self._seconds_max = seconds_max  # Without any record while some are missing.
        self.forks: set[str] = set()  # Accounts of which one sequence was read with two chains.

    def read(
        self, *topics: str, period: Period = ALL, account: str | None = None
    ) -> Iterator[Output]:
        """Yield the records up to the ends that the partitions have now, each partition in order.

        account: read only its partition, and only its records.
        """
        with self._reading() as reading:
            places = reading.places(topics, period=period, account=account)
            for output in reading.to_ends(places, period, seconds_max=self._seconds_max):
                if account in {None, output.account_id} and period.holds(output.at_ms):
                    yield output

    def follow(
        self, *topics: str, period: Period = ALL, account: str | None = None
    ) -> Iterator[Output | None]:
        """Yield the records of a period and then new ones for ever; None while there are none."""
        with self._reading() as reading:
            places = reading.places(topics, period=period, account=account)
            for output in reading.for_ever(places):
                if output is None or (
                    account in {None, output.account_id} and period.holds(output.at_ms)
                ):
                    yield output

    def mark(self, *topics: str, account: str | None = None) -> Mark:
        """Return where the topics end now, to follow them from there."""
        with self._reading() as reading:
            places = reading.places(topics, period=ALL, account=account)
            return {(place.topic, place.partition): place.end for place in places}

    def follow_from(
        self, mark: Mark, *, account: str | None = None
    ) -> Generator[Output | None, None, None]:
        """Yield what was written behind a mark; None while there is nothing new."""
        places = [_Place(*key, end, end) for key, end in mark.items()]
        with self._reading() as reading:
            for output in reading.for_ever(places):
                if output is None or account in {None, output.account_id}:
                    yield output

    @contextmanager
    def _reading(self) -> Iterator["_Reading"]:
        consumer = operator_reader(
            self.broker,
            auto_offset_reset="earliest",
            fetch_wait_max_ms=20,
            queued_max_messages_kbytes=QUEUE_KIB_MAX,
        )
        with self.broker.sentences(), closing(consumer):
            yield _Reading(self.broker, consumer, self.forks)


class _Reading:
    """One pass over some partitions with a client of its own."""

    def __init__(self, broker: Broker, consumer: Consumer, forks: set[str]) -> None:
        self._broker = broker
        self._consumer = consumer
        self._repetitions = Repetitions(forks)

    def places(self, topics: Sequence[str], *, period: Period, account: str | None) -> list[_Place]:
        """Return the partitions to read and the offsets of a period in them."""
        wanted = [
            (topic, number)
            for topic, count in zip(
                topics, self._broker.partitions(self._consumer, *topics), strict=True
            )
            for number in _numbers(topic, count, account)
        ]
        begins = self._offsets(wanted, since_ms=_since_ms(period))
        ends = self._offsets(wanted, since_ms=OFFSET_END)
        # A negative offset means that no record is as new as the time asked for.
        return [
            _Place(*where, begin if begin >= 0 else end, end)
            for where, begin, end in zip(wanted, begins, ends, strict=True)
        ]

    def to_ends(
        self, places: list[_Place], period: Period, *, seconds_max: float
    ) -> Iterator[Output]:
        """Yield what the places hold; stop early in a partition that is past the period."""
        waiting = {place[:2]: place for place in places if place.begin < place.end}
        self._assign(list(waiting.values()))
        while waiting:
            message = self._consumer.poll(seconds_max)
            if message is None:
                raise BrokerError(f"Kafka did not answer within {seconds_max:g} s; try again")
            kind = _kind_of(message)
            place = waiting.get((self._topic(message), message.partition() or 0))
            if place is None or kind == "nothing":
                continue
            if kind == "end" or (message.offset() or 0) >= place.end:
                del waiting[place[:2]]
                continue
            output = self._output(message)
            if (message.offset() or 0) == place.end - 1 or _is_past(message, period):
                self._leave(place)
                del waiting[place[:2]]
            if output is not None:
                yield output

    def for_ever(self, places: list[_Place]) -> Iterator[Output | None]:
        """Yield what the places hold and what comes after it."""
        self._assign(places)
        while True:
            message = self._consumer.poll(IDLE_SECONDS)
            if message is None:
                yield None
            elif _kind_of(message) == "record":
                output = self._output(message)
                if output is not None:
                    yield output

    def _assign(self, places: list[_Place]) -> None:
        name = self._broker.settings.topic
        self._consumer.assign(
            [TopicPartition(name(place.topic), place.partition, place.begin) for place in places]
        )

    def _leave(self, place: _Place) -> None:
        """Fetch no more of a partition that was read as far as wanted."""
        name = self._broker.settings.topic(place.topic)
        self._consumer.incremental_unassign([TopicPartition(name, place.partition)])

    def _offsets(self, wanted: Sequence[tuple[str, int]], *, since_ms: int) -> list[int]:
        """Return each partition's first offset of a time, which may be the beginning or the end."""
        name = self._broker.settings.topic
        places = [TopicPartition(name(topic), number, since_ms) for topic, number in wanted]
        answers = self._consumer.offsets_for_times(places, timeout=ANSWER_SECONDS_MAX)
        found = {
            (each.topic, each.partition): int(each.offset) for each in require_answers(answers)
        }
        return [found[name(topic), number] for topic, number in wanted]

    def _topic(self, message: Message) -> str:
        return (message.topic() or "").removeprefix(self._broker.settings.topic_prefix)

    def _output(self, message: Message) -> Output | None:
        """Return a record unless it repeats one; what is no output of riskgate has no sequence."""
        value = _bytes(message.value())
        topic, partition = self._topic(message), message.partition() or 0
        key = _bytes(message.key()).decode(errors="backslashreplace")
        try:
            head = _HEADS.decode(value) if value else _Head()
        except (msgspec.DecodeError, UnicodeDecodeError):
            head = _Head()
        written_ms = message.timestamp()[1]
        output = Output(
            topic, partition, message.offset() or 0, head.at_ms or written_ms, key, head.sequence,
            value, written_ms,
        )  # fmt: skip
        return None if self._repetitions.is_repeated(output, chain=head.chain) else output


def _numbers(topic: str, count: int, account: str | None) -> range:
    """Return the partitions to read: the account's alone if the account is the key."""
    if account is None or TOPICS[topic].key != "account_id":
        return range(count)
    first = partition_of(account, count)
    return range(first, first + 1)


def _since_ms(period: Period) -> int:
    if period.from_ms is None:
        return int(OFFSET_BEGINNING)
    return max(0, period.from_ms - CLOCKS_MS_MAX)


def _kind_of(message: Message) -> Literal["record", "end", "nothing"]:
    """Say what a poll brought. Raise BrokerError when the partition cannot be read."""
    error = message.error()
    if error is None:
        return "record"
    if is_partition_end(error):
        return "end"
    if passes_without_group(error):
        return "nothing"
    raise BrokerError(f"{message.topic() or 'A topic'} cannot be read ({error.str()}); try again")


def _is_past(message: Message, period: Period) -> bool:
    return period.to_ms is not None and message.timestamp()[1] > period.to_ms + 2 * CLOCKS_MS_MAX


def _bytes(value: bytes | str | None) -> bytes:
    if value is None:
        return NO_VALUE
    return value.encode() if isinstance(value, str) else value
