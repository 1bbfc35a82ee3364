"""Kafka for commands: ask and write once, and fail in one sentence."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, ClusterMetadata

from pipeline.errors import StartupError
from pipeline.streams.settings import Settings

__all__ = ["Address", "Broker", "BrokerError", "sentences"]

ANSWER_SECONDS_MAX = 10.0

Client: TypeAlias = AdminClient | Consumer | Producer
Property: TypeAlias = str | int | bool


class BrokerError(StartupError):
    """Say what Kafka refused and what to do about it."""


class Address(NamedTuple):
    """Where a message was written."""

    topic: str
    partition: int
    offset: int


class Broker:
    """One command's way to Kafka; remembers why a connection failed, which requests do not say."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._reason: str | None = None

    def properties(self, **more: Property) -> dict[str, object]:
        """Return a client's properties; an underscore in `more` stands for a dot."""
        named = {name.replace("_", "."): value for name, value in more.items()}
        # Its own log lines would stand between the user and our sentence.
        quiet = {"log_level": 0, "error_cb": self._remember}
        return {**self.settings.connection(), **named, **quiet}

    def admin(self) -> AdminClient:
        """Return an administrator, without asking the broker anything."""
        with self.sentences():
            return AdminClient(self.properties())

    def metadata(self, client: Client) -> ClusterMetadata:
        """Return the brokers and topics that there are. Raise BrokerError when nobody answers."""
        with self.sentences():
            try:
                answer: ClusterMetadata = client.list_topics(timeout=ANSWER_SECONDS_MAX)
                return answer
            finally:
                client.poll(0)  # Calls back with what went wrong.

    def partitions(self, client: Client, *topics: str) -> list[int]:
        """Return how many partitions each topic has, by the broker and not by the settings.

        Raise BrokerError when one is missing; topics: without the prefix.
        """
        there = self.metadata(client).topics
        names = [self.settings.topic(topic) for topic in topics]
        for name in names:
            if name not in there:
                raise BrokerError(f"{name} is missing; make it with: riskgate topics create")
        return [len(there[name].partitions) for name in names]

    def publish(self, topic: str, *, key: str, value: bytes) -> Address:
        """Write one message and return where it is once every replica in sync has it."""
        delivered: list[Address | KafkaError] = []

        def keep(error: KafkaError | None, message: Message) -> None:
            delivered.append(error or _address(message))

        producer = self._producer()
        self.partitions(producer, topic)
        name = self.settings.topic(topic)
        producer.produce(name, key=key.encode(), value=value, on_delivery=keep)
        producer.flush(2 * ANSWER_SECONDS_MAX)
        result = delivered[0] if delivered else KafkaError(KafkaError.REQUEST_TIMED_OUT)
        if isinstance(result, KafkaError):
            raise BrokerError(f"{name} did not take the message ({result.str()}); try again")
        return result

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turn what Kafka raises within into a BrokerError."""
        try:
            yield
        except KafkaException as error:
            reason = self._reason or error.args[0].str()
            raise BrokerError(
                f"Kafka at {self.settings.brokers} does not answer as it should ({reason}); "
                "start it, or correct RISKGATE_BROKERS and the settings of its security"
            ) from error

    def _producer(self) -> Producer:
        with self.sentences():
            return Producer(
                self.properties(
                    acks="all",
                    enable_idempotence=True,
                    partitioner="murmur2_random",  # Java's, as in every producer of riskgate.
                    delivery_timeout_ms=int(ANSWER_SECONDS_MAX * 1000),
                )
            )

    def _remember(self, error: KafkaError) -> None:
        # The last broker's failure says why; that all are down is known by then.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - Its only name.
            self._reason = error.str().partition(" (after")[0]  # How long it took is noise.


def sentences(settings: Settings) -> AbstractContextManager[None]:
    """Turn what Kafka raises within into a BrokerError, for a client made elsewhere."""
    return Broker(settings).sentences()


def _address(message: Message) -> Address:
    return Address(str(message.topic()), message.partition() or 0, message.offset() or 0)
