"""One partition of a topic, read in order up to the end it had at the start; one client each."""

from collections.abc import Generator
from hashlib import blake2b

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.replay.comparison import Span, Taken, taken_of
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from pipeline.streams.clients.row_ages import RowAges
from topics.account_states import TOPIC as STATES
from topics.codec import DecodeError

__all__ = ["KafkaTape", "read", "span", "to_bytes"]

ANSWER_SECONDS_MAX = 10.0
QUEUE_KIB_MAX = 4096
DOUBLES_MAX = 100_000  # About 10 MB.
DIGEST_BYTES = 16


def span(broker: Broker, consumer: Consumer, topic: str, partition: int) -> Span:  # noqa: PLR0917
    """Ask the broker for the first and last offset of a partition."""
    place = TopicPartition(broker.settings.topic(topic), partition)
    begin, end = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
    return Span(topic, partition, begin, end)


def read(broker: Broker, what: Span) -> Generator[Message, None, None]:
    """Yield the committed records of a span in order; close the client at the end."""
    consumer = operator_reader(
        broker, auto_offset_reset="error", queued_max_messages_kbytes=QUEUE_KIB_MAX
    )
    try:
        if what.begin < what.end:
            topic = broker.settings.topic(what.topic)
            place = TopicPartition(topic, what.partition, what.begin)
            for record in read_to_end(consumer, [place]):
                if (record.offset() or 0) >= what.end:
                    return
                yield record
    finally:
        consumer.close()


class _Doubles:
    """What came before: replica sets write each output, and a worker that was frozen repeats some.

    As every reader does: a byte-equal output is dropped if the first is among the newest
    DOUBLES_MAX of its topic and partition; so is a row of account_states older than one before it.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}  # The oldest first.
        self._ages: RowAges[str] = RowAges()

    def has(self, topic: str, taken: Taken) -> bool:
        """Return whether an output is to be dropped; if not, remember it."""
        recorded = taken.recorded
        if topic == STATES.name and self._ages.is_older(
            recorded.account_id, sequence=recorded.sequence, at_ms=recorded.at_ms
        ):
            return True
        digest = blake2b(taken.value, digest_size=DIGEST_BYTES).digest()
        if digest in self._seen:
            return True
        self._seen[digest] = None
        if len(self._seen) > DOUBLES_MAX:
            del self._seen[next(iter(self._seen))]
        return False


class KafkaTape:
    """The recorded outputs of a span, each once; memory is bounded by what is fetched ahead."""

    def __init__(self, broker: Broker, what: Span) -> None:
        self.topic = what.topic
        self.whole = what.begin == 0
        self._records = read(broker, what)
        self._head: Taken | None = None
        self._doubles = _Doubles()

    def head(self) -> Taken | None:
        """Return the current output, None at the end."""
        while self._head is None:
            record = next(self._records, None)
            if record is None:
                return None
            value = record.value()
            if value is not None:  # None: a row of account_states was deleted.
                taken = self._taken(record.offset() or 0, to_bytes(value))
                self._head = None if self._doubles.has(self.topic, taken) else taken
        return self._head

    def advance(self) -> None:
        """Go to the next output."""
        self._head = None

    def _taken(self, offset: int, value: bytes) -> Taken:
        try:
            return taken_of(offset, value)
        except DecodeError as error:
            raise BrokerError(
                f"{self.topic} holds a record at offset {offset} that riskgate did not write: "
                f"{error}"
            ) from error

    def close(self) -> None:
        """Close the client and leave the rest unread."""
        self._records.close()


def to_bytes(value: bytes | str) -> bytes:
    """Return a record's value as bytes; the client's type hints also allow str, it never is."""
    return value.encode() if isinstance(value, str) else value
