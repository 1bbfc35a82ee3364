"""Kafka's own id of a topic, which changes when the topic is recreated.

Apart from cluster.py because nothing waits here: a broker that does not answer delays no work.
"""

import time
from concurrent.futures import Future
from typing import Protocol

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, TopicDescription

from pipeline.streams.client_settings import ADMIN, ADMIN_SECONDS_MAX
from pipeline.streams.settings import Settings

__all__ = ["Identity", "TopicIdentity"]

AGAIN_SECONDS = 1.0


class Identity(Protocol):
    """Requests a topic's id and keeps the newest answer."""

    def ask(self) -> None:
        """Send a request unless one is pending."""

    def look(self) -> str:
        """Return the newest answer; "" before the first."""


class TopicIdentity:
    """Send a request and continue; the answer arrives some turns later. Retry after a failure."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._topic = settings.topic(name)
        self._admin: AdminClient | None = None
        self._answer: Future[TopicDescription] | None = None
        self._again_s: float | None = None  # When to ask again after a failure.
        self._topic_id = ""

    def ask(self) -> None:
        """Send a request unless one is pending."""
        if self._answer is not None:
            return
        if self._admin is None:
            self._admin = AdminClient({**self._settings.connection(), **ADMIN, "log_level": 0})
        wanted = TopicCollection([self._topic])
        answers = self._admin.describe_topics(wanted, request_timeout=ADMIN_SECONDS_MAX)
        self._answer, self._again_s = answers[self._topic], None

    def look(self) -> str:
        """Return the newest answer; "" before the first."""
        answer = self._answer  # Read once: the health thread calls this too.
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
