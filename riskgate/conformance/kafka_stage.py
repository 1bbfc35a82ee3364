"""The stage on Kafka, for an engine in any language."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import cast
from uuid import uuid4

from confluent_kafka import Message

from riskgate.conformance.stage import Written
from riskgate.connection import Connection, UnavailableError, ends
from riskgate.consumer_errors import passes_without_group
from riskgate.engine_protocol import Log
from riskgate.messages import now_ms
from riskgate.venue import Report
from riskgate.writers import Outbox
from topics import decisions, events, fills, orders
from topics.codec import DecodeError, decode

__all__ = ["KafkaStage"]

POLL_SECONDS = 0.05


class KafkaStage:
    """Topics of a prefix where no riskgate runs; its decisions are not for real money.

    partition_of: the partition of a key in a topic of so many. Raise UnavailableError when Kafka
    cannot be reached, or riskgate has decided under this prefix.
    """

    def __init__(self, connection: Connection, partition_of: Callable[[str, int], int]) -> None:
        self.written: list[Written] = []
        self.unreadable: list[str] = []  # What riskgate would dead-letter, and why.
        self._partition_of = partition_of
        self._consumer = connection.consumer(f"riskgate-engine-check-{uuid4().hex}")
        if any(place.offset for place in ends(self._consumer, connection, events.TOPIC.name)):
            raise UnavailableError(
                f"riskgate has worked under the topic prefix {connection.topic_prefix!r}; an "
                "engine there would take the decisions of this check for real: choose another"
            )
        self._outbox = Outbox(connection)
        places = [
            place
            for topic in (orders.TOPIC, fills.TOPIC)
            for place in ends(self._consumer, connection, topic.name)
        ]
        self._partitions = {place.topic: 0 for place in places}
        for place in places:
            self._partitions[place.topic] += 1
        self._topics = {
            connection.topic(topic.name): topic for topic in (orders.TOPIC, fills.TOPIC)
        }
        self._consumer.assign(places)

    def now_ms(self) -> int:
        """Return the time of this machine."""
        return now_ms()

    def tell(self, messages: Sequence[Log]) -> None:
        """Write messages to the topic decisions, and wait until they are there."""
        for message in messages:
            self._outbox.send(decisions.TOPIC, message)
        self._outbox.flush()

    def wait(self, is_enough: Callable[[], bool], ms_max: int) -> None:
        """Read what the engine writes until it is enough.

        Raise UnavailableError when it cannot be read, which is no fault of the engine.
        """
        end_s = time.monotonic() + ms_max / 1000
        while not is_enough() and time.monotonic() < end_s:
            message = self._consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            error = message.error()
            if error is None:
                self._keep(message)
            elif not passes_without_group(error):
                topic = message.topic() or "a topic"
                raise UnavailableError(
                    f"What the engine writes to {topic} cannot be read ({error.str()})"
                )

    def close(self) -> None:
        """Stop reading."""
        with closing(self._consumer):
            self._outbox.flush()

    def _keep(self, message: Message) -> None:
        topic = str(message.topic())
        try:
            report = decode(self._topics[topic], message.value())
        except DecodeError as error:
            self.unreadable.append(f"{topic}: {error}")
            return
        key = (message.key() or b"").decode(errors="replace")
        place = self._partition_of(key, self._partitions[topic])
        # The decoder of these topics makes nothing else.
        self.written.append(
            Written(cast(Report, report), key, is_in_place=message.partition() == place)
        )
