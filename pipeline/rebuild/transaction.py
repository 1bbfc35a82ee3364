"""A transactional producer for commands: its name aborts what a killed run of it left open."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.errors import StartupError
from pipeline.streams.client_settings import PRODUCER
from pipeline.streams.clients.broker import Broker
from pipeline.streams.role_interface import Headers, Place

__all__ = ["Transaction"]

CALL_SECONDS_MAX = 30.0
WAIT_SECONDS = 0.1


class Transaction:
    """Send records and commit them with offsets: all of it is there, or nothing."""

    def __init__(self, broker: Broker, name: str, *, seconds_max: float, command: str) -> None:
        self._seconds_max = seconds_max
        self._command = command  # To run again, for the sentences.
        self._refusal: KafkaError | None = None
        self._last: dict[Place, int] = {}  # Offset of the last record, by partition.
        self._producer = Producer(
            {
                **PRODUCER,
                **broker.properties(),
                "transactional.id": name,
                "transaction.timeout.ms": int(seconds_max * 1000),
            }
        )
        self._producer.init_transactions(CALL_SECONDS_MAX)

    def begin(self) -> None:
        """Begin one."""
        self._last.clear()
        self._producer.begin_transaction()

    def send(  # noqa: PLR0913 - The parts of a Kafka message.
        self,
        place: Place,
        key: bytes | None,
        *,
        value: bytes | None,
        headers: Headers = (),
        timestamp_ms: int = 0,
    ) -> None:
        """Send a record; without a time its own is now."""
        topic, number = place
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    key,
                    number,
                    self._note,
                    timestamp=timestamp_ms,
                    headers=list(headers),
                )
            except BufferError:
                self._producer.poll(WAIT_SECONDS)
            else:
                self._producer.poll(0)
                return

    def flush(self) -> dict[Place, int]:
        """Wait for all records; return the last offset of each partition.

        Raise StartupError when Kafka did not take them.
        """
        left = self._producer.flush(self._seconds_max / 2)
        if left or self._refusal is not None:
            reason = "no answer" if self._refusal is None else self._refusal.str()
            raise StartupError(
                f"Kafka did not take the state ({reason}), so nothing of it counts; see its "
                f"brokers, and run {self._command} again"
            )
        return dict(self._last)

    def commit(self, offsets: Sequence[tuple[Sequence[TopicPartition], GroupMetadata]]) -> None:
        """Commit with offsets of groups: until this call returns, there is nothing."""
        for positions, group in offsets:
            self._producer.send_offsets_to_transaction(list(positions), group, CALL_SECONDS_MAX)
        self._producer.commit_transaction(CALL_SECONDS_MAX)

    def abort(self) -> None:
        """Give up what was begun."""
        try:
            self._producer.abort_transaction(CALL_SECONDS_MAX)
        except KafkaException:  # The next run's first call aborts it.
            return

    def _note(self, error: KafkaError | None, message: Message) -> None:
        offset = message.offset()
        if error is None and offset is not None:
            self._last[message.topic() or "", message.partition() or 0] = offset
            return
        # Without either, an attempt that got no answer wrote it, and its offset stays unknown.
        unknown = KafkaError(KafkaError._NO_OFFSET)  # noqa: SLF001 - Its only name.
        self._refusal = self._refusal or error or unknown
