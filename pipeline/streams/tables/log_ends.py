"""Where the logs of the tables end now, and which partitions they have, as the brokers say.

Apart from the reader, in a thread and with a client of its own. Kafka's client closes a connection
on which a request came too late; records that travel on it have to wait for a new one. And a
question that may take seconds would keep the reader from prices of brokers that do answer.
"""

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from queue import SimpleQueue
from typing import NamedTuple

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.streams.client_settings import ClientSetting
from pipeline.streams.role_interface import Place

__all__ = ["LogEnd", "LogEnds"]

ASK_SECONDS = 0.5
PARTITIONS_SECONDS = 5.0
# A broker that has just started on a busy machine takes more than a second. Short of the largest
# lag, so that a question that got lost can be asked again.
ANSWER_SECONDS_MAX = 3.0


class LogEnd(NamedTuple):
    """Where the log of a partition ended when that was asked, or why that is not known."""

    place: Place
    offset: int
    error: KafkaError | None
    asked_s: float  # As time.monotonic() has it.


class LogEnds:
    """Ask between `start` and `close`; the reader takes the answers."""

    def __init__(self, properties: Mapping[str, ClientSetting], topics: Collection[str]) -> None:
        self.places: frozenset[Place] = frozenset()  # What is asked for; the reader sets it.
        self.partitions: frozenset[Place] = frozenset()  # All that the topics have.
        self._topics = topics
        self._answers: SimpleQueue[LogEnd] = SimpleQueue()
        self._partitions_due_s = 0.0
        self._ended = threading.Event()
        quiet = {"enable.auto.commit": False, "log_level": 0}  # The reader's client logs the same.
        self._consumer = Consumer({**properties, **quiet})
        self._thread = threading.Thread(target=self._run, name="log-ends", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self) -> None:
        """Ask no more; wait for the answer to the last question, or until it is too late."""
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def take(self) -> Iterable[LogEnd]:
        """Return the answers that came since the last call, the oldest first."""
        while not self._answers.empty():
            yield self._answers.get()

    def _run(self) -> None:
        while not self._ended.wait(ASK_SECONDS):
            for end in self._ask(self.places, time.monotonic()):
                self._answers.put(end)
            self._ask_partitions(time.monotonic())

    def _ask(self, places: Collection[Place], now_s: float) -> list[LogEnd]:
        """Return an answer for each partition; all have an error when one leader is silent."""
        wanted = [TopicPartition(*place, OFFSET_END) for place in places]
        try:
            answers = self._consumer.offsets_for_times(wanted, timeout=ANSWER_SECONDS_MAX)
        except KafkaException as error:
            return [LogEnd(place, -1, error.args[0], now_s) for place in places]
        return [LogEnd((tp.topic, tp.partition), tp.offset, tp.error, now_s) for tp in answers]

    def _ask_partitions(self, now_s: float) -> None:
        if now_s < self._partitions_due_s or self._ended.is_set():
            return
        self._partitions_due_s = now_s + PARTITIONS_SECONDS
        found: set[Place] = set()
        for topic in self._topics:
            try:
                metadata = self._consumer.list_topics(topic, timeout=ANSWER_SECONDS_MAX)
            except KafkaException:  # The reader sees by the ends whether brokers answer.
                return
            found |= {(topic, number) for number in metadata.topics[topic].partitions}
        self.partitions = frozenset(found)
