"""A connection to Kafka for commands: reads, writes and asks, and fails in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, ClusterMetadata

from pipeline.errors import StartupError
from pipeline.streams.settings import Settings

__all__ = ["Address", "BrokerError", "admin_client", "metadata", "publish", "sentences"]

ANSWER_SECONDS_MAX = 10.0


class BrokerError(StartupError):
    """Say what Kafka refused and what to do about it."""


class Address(NamedTuple):
    """Where a message was written."""

    topic: str
    partition: int
    offset: int


def admin_client(settings: Settings) -> AdminClient:
    """Return a client, without asking the broker anything."""
    with sentences(settings):
        # Its own log lines would stand between the user and our sentence.
        return AdminClient({**settings.connection(), "log_level": 0, "error_cb": _say_nothing})


def metadata(settings: Settings, client: AdminClient | Producer) -> ClusterMetadata:
    """Return the brokers and topics that there are. Raise BrokerError when nobody answers."""
    with sentences(settings):
        answer: ClusterMetadata = client.list_topics(timeout=ANSWER_SECONDS_MAX)
        return answer


def publish(settings: Settings, topic: str, *, key: str, value: bytes) -> Address:
    """Write one message and return where it is once every replica in sync has it."""
    delivered: list[Address | KafkaError] = []

    def keep(error: KafkaError | None, message: Message) -> None:
        delivered.append(error or _address(message))

    producer = _producer(settings)
    name = settings.topic(topic)
    if name not in metadata(settings, producer).topics:
        raise BrokerError(f"{name} is missing; make it with: riskgate topics create")
    producer.produce(name, key=key.encode(), value=value, on_delivery=keep)
    producer.flush(2 * ANSWER_SECONDS_MAX)
    result = delivered[0] if delivered else KafkaError(KafkaError.REQUEST_TIMED_OUT)
    if isinstance(result, KafkaError):
        raise BrokerError(f"{name} did not take the message ({result.str()}); nothing was written")
    return result


@contextmanager
def sentences(settings: Settings) -> Iterator[None]:
    """Turn what Kafka raises within into a BrokerError."""
    try:
        yield
    except KafkaException as error:
        reason = error.args[0].str() if error.args else str(error)
        raise BrokerError(
            f"Kafka at {settings.brokers} does not answer as it should ({reason}); start it, or "
            "correct RISKGATE_BROKERS and the settings of its security"
        ) from error


def _producer(settings: Settings) -> Producer:
    with sentences(settings):
        return Producer(
            {
                **settings.connection(),
                "acks": "all",
                "enable.idempotence": True,
                # Java's partitioner, as in every other producer of riskgate.
                "partitioner": "murmur2_random",
                "delivery.timeout.ms": int(ANSWER_SECONDS_MAX * 1000),
                "log_level": 0,
                "error_cb": _say_nothing,
            }
        )


def _address(message: Message) -> Address:
    return Address(str(message.topic()), message.partition() or 0, message.offset() or 0)


def _say_nothing(error: KafkaError) -> None:
    """Drop it: the request that failed for it says so itself."""
