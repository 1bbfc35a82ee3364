"""How clients reach Kafka: addresses, topic names and properties, the same for every client."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

__all__ = ["Connection", "Property", "UnavailableError", "connect", "ends", "sentences"]

ANSWER_SECONDS_MAX = 10.0
# As docs/settings.md describes them; librdkafka writes a dot for each underscore.
SECURITY = (
    "security_protocol", "sasl_mechanism", "sasl_username", "sasl_password", "ssl_ca_location",
    "ssl_certificate_location", "ssl_key_location", "ssl_key_password",
)  # fmt: skip
# What a consumer takes and a producer warns of.
OF_A_GROUP = {
    "group.instance.id", "heartbeat.interval.ms", "max.poll.interval.ms", "session.timeout.ms",
}  # fmt: skip

Property: TypeAlias = str | int | bool
T = TypeVar("T")


class UnavailableError(Exception):
    """Say in one sentence what Kafka did not do and what to do about it."""


class Connection(NamedTuple):
    """Where Kafka is, and what librdkafka needs to be let in."""

    brokers: str  # As host:port, separated by commas.
    topic_prefix: str
    properties: Mapping[str, Property]  # Of librdkafka, such as security.protocol.

    def topic(self, name: str) -> str:
        """Return the full name of a topic."""
        return f"{self.topic_prefix}{name}"

    def producer(self) -> Producer:
        """Return a producer as docs/execution-engines.md requires it. Raise UnavailableError."""
        return _client(
            Producer,
            {
                "linger.ms": 0,
                **{name: each for name, each in self._common().items() if name not in OF_A_GROUP},
                # After the caller's properties: what Kafka promises depends on these.
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",  # Java's default, as in all of riskgate.
            },
        )

    def consumer(self, group: str) -> Consumer:
        """Return a consumer that commits nothing by itself. Raise UnavailableError."""
        return _client(
            Consumer,
            {
                **self._common(),
                "group.id": group,
                "enable.auto.commit": False,
                # Decisions are written outside transactions; waiting for one would cost time.
                "isolation.level": "read_uncommitted",
                "auto.offset.reset": "earliest",
            },
        )

    def _common(self) -> dict[str, Property]:
        return {"reconnect.backoff.max.ms": 1000, **self.properties,
                "bootstrap.servers": self.brokers}  # fmt: skip


def connect(
    brokers: str | None, topic_prefix: str | None, properties: Mapping[str, Property] | None
) -> Connection:
    """Return a connection; what is None comes from the environment, as for riskgate itself."""
    return Connection(
        brokers or os.environ.get("RISKGATE_BROKERS", "127.0.0.1:9092"),
        os.environ.get("RISKGATE_TOPIC_PREFIX", "risk.") if topic_prefix is None else topic_prefix,
        _security() if properties is None else properties,
    )


def ends(consumer: Consumer, connection: Connection, name: str) -> list[TopicPartition]:
    """Return each partition of a topic with the offset at its end. Raise UnavailableError."""
    topic = connection.topic(name)
    with sentences(connection):
        there = consumer.list_topics(topic, timeout=ANSWER_SECONDS_MAX).topics[topic]
        if there.error is not None and there.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise UnavailableError(
                f"This Kafka user may not see {topic}; give it the rights that "
                "riskgate topics acls prints"
            )
        if there.error is not None or not there.partitions:
            raise UnavailableError(
                f"The topic {topic} is missing; create it with: riskgate topics create"
            )
        return [
            TopicPartition(topic, partition, _end(consumer, TopicPartition(topic, partition)))
            for partition in sorted(there.partitions)
        ]


@contextmanager
def sentences(connection: Connection) -> Iterator[None]:
    """Turn a KafkaException raised inside into a UnavailableError."""
    try:
        yield
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka at {connection.brokers} does not answer ({_reason(error)}); "
            "start it, or correct the address and the security properties"
        ) from error


def _client(kind: Callable[[dict[str, Property]], T], properties: dict[str, Property]) -> T:
    try:
        return kind(properties)
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka's client refuses its properties ({_reason(error)})"
        ) from error


def _security() -> dict[str, Property]:
    """Return librdkafka's properties of security that the environment names."""
    found = {name: os.environ.get(f"RISKGATE_{name.upper()}") for name in SECURITY}
    return {name.replace("_", "."): value for name, value in found.items() if value is not None}


def _end(consumer: Consumer, place: TopicPartition) -> int:
    _, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
    return int(high)


def _reason(error: KafkaException) -> str:
    first = error.args[0]
    return str(first.str() if hasattr(first, "str") else first)
