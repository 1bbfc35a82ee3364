"""The demo's Kafka clients: one producer for everything it writes, one reader thread.

The reader stamps each message on arrival, so a slow main loop does not distort latencies.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self, TypeAlias, cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from msgspec import Struct

from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.clients.read_to_end import read_to_end
from pipeline.streams.settings import Settings
from topics.codec import decode_as, encode, key_of
from topics.decisions import Decision, Exit, Stop
from topics.topic import Topic

__all__ = ["Arrived", "DemoError", "Reader", "Sender", "decode_log", "read_whole"]

FLUSH_SECONDS_MAX = 20.0
ANSWER_SECONDS_MAX = 20.0

Log: TypeAlias = Decision | Exit | Stop


class DemoError(Exception):
    """Report in one sentence why the demo cannot continue."""


class Arrived(NamedTuple):
    """One message with the time at which it was read."""

    topic: str  # Without the prefix.
    value: bytes
    at_s: float  # time.monotonic()


class Sender:
    """Write messages under the keys that their topics require."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._undelivered = 0
        self._producer = Producer(
            {
                **settings.connection(),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 1,
                "partitioner": "murmur2",  # The same as in every producer of riskgate.
                "log_level": 0,
            }
        )

    def send(self, topic: Topic, message: Struct) -> None:
        """Write one message without waiting for its delivery."""
        self.send_raw(topic, key=key_of(topic, message), value=encode(message))

    def send_raw(self, topic: Topic, *, key: str, value: bytes) -> None:
        """Write bytes unchanged, valid or not."""
        name = self._settings.topic(topic.name)
        self._producer.produce(name, key=key.encode(), value=value, on_delivery=self._report)
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until everything is delivered. Raise DemoError when something is not."""
        left = self._producer.flush(FLUSH_SECONDS_MAX)
        if left or self._undelivered:
            raise DemoError(
                f"Kafka did not accept {left + self._undelivered} of the demo's messages"
            )

    def _report(self, error: KafkaError | None, _message: Message) -> None:
        self._undelivered += error is not None


class Reader:
    """Follow topics from their beginning, read_committed, while inside `with`."""

    def __init__(self, settings: Settings, topics: Iterable[str]) -> None:
        self._names = {settings.topic(name): name for name in topics}
        self._consumer = read_committed(settings, {"fetch.wait.max.ms": 100})
        self._consumer.assign(_all_partitions(self._consumer, self._names))
        self._arrived: SimpleQueue[Arrived] = SimpleQueue()
        self._failure: str | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def take(self, timeout_s: float) -> list[Arrived]:
        """Return what has arrived; wait at most `timeout_s` for the first message.

        Raise DemoError when Kafka can no longer be read.
        """
        if self._failure:
            raise DemoError(f"The demo can no longer read from Kafka ({self._failure})")
        taken: list[Arrived] = []
        try:
            taken.append(self._arrived.get(timeout=max(timeout_s, 0.0001)))
            while True:
                taken.append(self._arrived.get_nowait())
        except Empty:
            return taken

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            message = self._consumer.poll(0.1)
            if message is not None:
                self._put(message, time.monotonic())

    def _put(self, message: Message, at_s: float) -> None:
        error = message.error()
        if error is not None:
            self._failure = error.str()
            return
        value = message.value()
        if isinstance(value, bytes):
            self._arrived.put(Arrived(self._names[str(message.topic())], value, at_s))


def decode_log(value: bytes) -> Log:
    """Decode one message of the topic decisions."""
    return decode_as(cast(type[Log], Log), value)


def read_committed(settings: Settings, more: Mapping[str, str | int | bool]) -> Consumer:
    """Return a consumer that reads only committed records."""
    return Consumer(
        {
            **settings.connection(),
            "group.id": settings.group("demo"),
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
            **more,
        }
    )


def read_whole(settings: Settings, topic: str, take: Callable[[bytes], None]) -> None:
    """Read everything that a topic holds now, each partition in order. Raise DemoError."""
    consumer = read_committed(settings, {"enable.partition.eof": True})
    try:
        places = _all_partitions(consumer, {settings.topic(topic): topic})
        for message in read_to_end(consumer, places, seconds_max=ANSWER_SECONDS_MAX):
            value = message.value()
            if isinstance(value, bytes):
                take(value)
    except BrokerError as error:
        raise DemoError(str(error)) from error
    finally:
        consumer.close()


def _all_partitions(consumer: Consumer, names: Mapping[str, str]) -> list[TopicPartition]:
    try:
        topics = consumer.list_topics(timeout=ANSWER_SECONDS_MAX).topics
    except KafkaException as error:
        raise DemoError(f"Kafka does not answer ({error.args[0].str()})") from error
    return [
        TopicPartition(name, partition, OFFSET_BEGINNING)
        for name in names
        if name in topics
        for partition in topics[name].partitions
    ]
