"""Writers of what clients send: the right key and partitioner, acks=all, idempotence, checked."""

import threading
from collections.abc import Callable, Mapping
from typing import Generic, Self, TypeAlias, TypeVar

from confluent_kafka import KafkaError, KafkaException
from msgspec import Struct

from riskgate.connection import Connection, Property, connect
from riskgate.messages import wire_bytes
from topics import accounts, fills, orders, positions, prices, signals
from topics.accounts import CashFlow
from topics.codec import key_of
from topics.positions import PositionSnapshot
from topics.topic import Topic

__all__ = ["DeliveryError", "Fills", "Outbox", "Prices", "Reports", "Signals", "topic_of"]

FLUSH_SECONDS_MAX = 30.0
ROOM_SECONDS = 0.1  # To wait for room in a full queue, before each further try.
ROOM_TRIES = 100

T = TypeVar("T", bound=Struct)
Done: TypeAlias = Callable[[KafkaError | None], None]


class DeliveryError(Exception):
    """Kafka did not accept what was written; it may have to be written again."""


class Outbox:
    """One producer for messages of any topic; safe with many threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._producer = connection.producer()
        self._lock = threading.Lock()
        self._failure: str | None = None

    def send(self, topic: Topic, message: Struct) -> None:
        """Write a message without waiting for its delivery.

        Raise DecodeError when riskgate would refuse it, and DeliveryError when an earlier message
        was lost.
        """
        self._raise_failure()
        for _ in range(ROOM_TRIES):
            if self.try_send(topic, message, self._keep_failure):
                return
            self._serve(ROOM_SECONDS)
        raise DeliveryError("Kafka has accepted nothing for a while; the producer's queue is full")

    def try_send(self, topic: Topic, message: Struct, done: Done) -> bool:
        """Write a message and call `done` with what became of it; False if the queue is full."""
        value = wire_bytes(topic, message)
        try:
            self._producer.produce(
                self._connection.topic(topic.name),
                key=key_of(topic, message).encode(),
                value=value,
                on_delivery=lambda error, _message: done(error),
            )
        except BufferError:
            return False
        except KafkaException as error:
            done(error.args[0])
        self._serve(0)
        return True

    def poll(self) -> None:
        """Serve delivery reports that have arrived."""
        self._serve(0)

    def flush(self, seconds_max: float = FLUSH_SECONDS_MAX) -> None:
        """Wait until all is delivered. Raise DeliveryError when something is not."""
        try:
            left = self._producer.flush(seconds_max)
        except KafkaException as error:
            raise DeliveryError(
                f"Kafka did not accept a message ({error.args[0].str()})"
            ) from error
        self._raise_failure()
        if left:
            raise DeliveryError(f"Kafka did not accept {left} messages within {seconds_max:g} s")

    def _serve(self, seconds: float) -> None:
        try:
            self._producer.poll(seconds)
        except KafkaException as error:  # Fatal, such as the user having no right to write.
            self._keep_failure(error.args[0])

    def _keep_failure(self, error: KafkaError | None) -> None:
        if error is not None:
            with self._lock:
                self._failure = error.str()

    def _raise_failure(self) -> None:
        with self._lock:
            failure, self._failure = self._failure, None
        if failure:
            raise DeliveryError(f"Kafka did not accept a message ({failure})")


class _Writer(Generic[T]):
    """Write one kind of message; on leaving `with`, everything is delivered.

    What is left out comes from the environment, as for riskgate itself: RISKGATE_BROKERS and so on.
    """

    TOPIC: Topic

    def __init__(
        self,
        brokers: str | None = None,
        *,
        topic_prefix: str | None = None,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        self._outbox = Outbox(connect(brokers, topic_prefix, properties))

    def send(self, message: T) -> None:
        """Write a message without waiting for its delivery.

        Raise DecodeError when riskgate would refuse it, and DeliveryError when an earlier message
        was lost.
        """
        self._outbox.send(self.TOPIC, message)

    def flush(self, seconds_max: float = FLUSH_SECONDS_MAX) -> None:
        """Wait until all is delivered. Raise DeliveryError when something is not."""
        self._outbox.flush(seconds_max)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()


class Signals(_Writer[signals.Signal]):
    """Write signals without waiting for decisions; `Gate` waits for them."""

    TOPIC = signals.TOPIC


class Fills(_Writer[fills.Fill]):
    """Write fills; an `Engine` does it by itself."""

    TOPIC = fills.TOPIC


class Reports(_Writer[orders.Order | fills.Fill | PositionSnapshot | CashFlow]):
    """Write what becomes of orders, without an `Engine`: orders, fills, positions and cash."""

    def send(self, message: orders.Order | fills.Fill | PositionSnapshot | CashFlow) -> None:
        """Write a message to the topic of its kind; see `Fills.send`."""
        self._outbox.send(topic_of(message), message)


class Prices(_Writer[prices.Price]):
    """Write prices."""

    TOPIC = prices.TOPIC


def topic_of(message: orders.Order | fills.Fill | PositionSnapshot | CashFlow) -> Topic:
    """Return the topic that a message of an engine belongs to."""
    if isinstance(message, orders.Order):
        return orders.TOPIC
    if isinstance(message, fills.Fill):
        return fills.TOPIC
    return accounts.TOPIC if isinstance(message, CashFlow) else positions.TOPIC
