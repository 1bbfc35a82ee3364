"""Kafka's own id of a topic, which changes when the topic is recreated.

Apart from cluster.py because nobody waits here: a broker that does not answer holds up no work.
"""

import time
from concurrent.futures import Future
from typing import Protocol

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, TopicDescription

from pipeline.streams.settings import Settings

__all__ = ["Identity", "TopicIdentity"]

REQUEST_SECONDS_MAX = 5.0
AGAIN_SECONDS = 1.0


class Identity(Protocol):
    """What asks for a topic's id."""

    def ask(self) -> None:
        """Ask, unless an answer is awaited."""

    def look(self) -> str:
        """Return the newest answer; "" before the first."""


class TopicIdentity:
    """Ask and go on; an answer is there some turns later. One that fails is asked for again."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._topic = settings.topic(name)
        self._admin: AdminClient | None = None
        self._answer: Future[TopicDescription] | None = None
        self._again_s: float | None = None  # When to ask again after a failure.
        self._topic_id = ""

    def ask(self) -> None:
        """Ask, unless an answer is awaited."""
        if self._answer is not None:
            return
        if self._admin is None:
            self._admin = AdminClient({**self._settings.connection(), "log_level": 0})
        wanted = TopicCollection([self._topic])
        answers = self._admin.describe_topics(wanted, request_timeout=REQUEST_SECONDS_MAX)
        self._answer, self._again_s = answers[self._topic], None

    def look(self) -> str:
        """Return the newest answer; "" before the first."""
        answer = self._answer  # Another thread, which tells of health, may look as well.
        if answer is not None and answer.done():
            self._take(answer)
            self._answer = None
        if self._again_s is not None and time.monotonic() >= self._again_s:
            self.ask()
        return self._topic_id

    def _take(self, answer: "Future[TopicDescription]") -> None:
        try:
            self._topic_id = str(answer.result().topic_id)
        except KafkaException:
            self._again_s = time.monotonic() + AGAIN_SECONDS
