"""Kafka for commands: read and write once, and report a failure in one sentence."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, TypeAlias

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
)
from confluent_kafka.admin import AdminClient, ClusterMetadata

from pipeline.errors import StartupError
from pipeline.streams.clients.last_error import LastError
from pipeline.streams.settings import Settings

__all__ = ["Address", "Broker", "BrokerError", "sentences"]

ANSWER_SECONDS_MAX = 10.0
# Who may write no topic at all gets no idempotent producer, which Kafka refuses for the cluster.
_MAY_NOT_WRITE = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
)
_ALLOW = (
    "log in as a user who may, or give this one the rights that riskgate topics acls prints for "
    "its party"
)
# A fatal error is logged at any log_level.
_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

Client: TypeAlias = AdminClient | Consumer | Producer
Property: TypeAlias = str | int | bool


class BrokerError(StartupError):
    """Say what Kafka refused and what the user can do."""


class Address(NamedTuple):
    """Where a message was written."""

    topic: str
    partition: int
    offset: int


class Broker:
    """One command's access to Kafka.

    Remembers why a connection failed, since the failed request itself does not say it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._last_error = LastError()

    def properties(self, **more: Property) -> dict[str, object]:
        """Return a client's properties; an underscore in `more` stands for a dot."""
        named = {name.replace("_", "."): value for name, value in more.items()}
        # The client's own log lines would hide our one sentence from the user.
        quiet = {"log_level": 0, "logger": _SILENT, "error_cb": self._last_error.remember}
        return {**self.settings.connection(), **named, **quiet}

    def admin(self) -> AdminClient:
        """Return an admin client; this sends no request yet."""
        with self.sentences():
            return AdminClient(self.properties())

    def metadata(self, client: Client) -> ClusterMetadata:
        """Return the brokers and topics of the cluster. Raise BrokerError if none answers."""
        with self.sentences():
            try:
                answer: ClusterMetadata = client.list_topics(timeout=ANSWER_SECONDS_MAX)
                return answer
            finally:
                client.poll(0)  # Runs the callback with the reason.

    def partitions(self, client: Client, *topics: str) -> list[int]:
        """Return the number of partitions that each topic has at the broker.

        topics: names without the prefix. Raise BrokerError when one is missing, or this user may
        not see it.
        """
        there = self.metadata(client).topics
        names = [self.settings.topic(topic) for topic in topics]
        for name in names:
            if name not in there:
                if self._is_hidden(name):
                    raise BrokerError(f"{self._user} may not see {name}; {_ALLOW}")
                raise BrokerError(f"{name} is missing; create it with: riskgate topics create")
        return [len(there[name].partitions) for name in names]

    def publish(self, topic: str, *, key: str, value: bytes) -> Address:
        """Write one message; return its address once all in-sync replicas have it.

        Raise BrokerError when Kafka does not take it, or this user may not write it.
        """
        delivered: list[Address | KafkaError] = []

        def keep(error: KafkaError | None, message: Message) -> None:
            delivered.append(error or _address(message))

        # Not asked by the producer: one that Kafka refuses fails at every call, this one too.
        self.partitions(self.admin(), topic)
        name = self.settings.topic(topic)
        producer = self._producer()
        try:
            producer.produce(name, key=key.encode(), value=value, on_delivery=keep)
            producer.flush(2 * ANSWER_SECONDS_MAX)
        except KafkaException as error:
            delivered.append(error.args[0])
        result = delivered[0] if delivered else KafkaError(KafkaError.REQUEST_TIMED_OUT)
        if isinstance(result, KafkaError):
            # Of a producer that can write nothing, the message only says that it was purged.
            raise BrokerError(self._refusal(name, _fatal(producer) or result))
        return result

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turn a KafkaException raised inside into a BrokerError."""
        try:
            yield
        except KafkaException as error:
            reason = self._last_error.reason or error.args[0].str()
            raise BrokerError(
                f"Kafka at {self.settings.brokers} does not answer as expected ({reason}); "
                "start it, or correct RISKGATE_BROKERS and the security settings"
            ) from error

    @property
    def _user(self) -> str:
        """The user as the subject of a sentence; only the broker knows whom a certificate names."""
        name = self.settings.sasl_username
        return f"The Kafka user {name}" if name else "This Kafka user"

    def _refusal(self, name: str, error: KafkaError) -> str:
        """Say why a topic did not take a message, and what to do."""
        if error.code() in _MAY_NOT_WRITE:
            return f"{self._user} may not write {name}, so nothing was written; {_ALLOW}"
        return f"{name} did not take the message ({error.str()}); try again"

    def _is_hidden(self, name: str) -> bool:
        """Whether a topic that is in no list is one that this user may not see.

        Asked by an admin client: a producer that asks for one topic would have it created.
        """
        admin = self.admin()  # Kept until it has answered: a client that is let go asks nothing.
        asked = admin.describe_topics(TopicCollection([name]), request_timeout=ANSWER_SECONDS_MAX)
        error = asked[name].exception(2 * ANSWER_SECONDS_MAX)
        if not isinstance(error, KafkaException):
            return False
        return bool(error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED)

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


def sentences(settings: Settings) -> AbstractContextManager[None]:
    """Turn a KafkaException raised inside into a BrokerError, for clients made elsewhere."""
    return Broker(settings).sentences()


def _address(message: Message) -> Address:
    return Address(str(message.topic()), message.partition() or 0, message.offset() or 0)


def _fatal(producer: Producer) -> KafkaError | None:
    """Return why a producer can write nothing any more, which only its poll says."""
    try:
        producer.poll(0)
    except KafkaException as error:
        fatal: KafkaError = error.args[0]
        return fatal
    return None
