"""What was sent before a barrier, and whether Kafka has all of it.

Apart from sender.py because it holds what a checkpoint may rely on. One count of all deliveries
would not do: each partition has a leader of its own, so what was sent behind a barrier may be there
while something in front of it is still on its way, or lost with its leader.
"""

from collections import deque
from typing import TypeAlias

from confluent_kafka import KafkaError, Message

from pipeline.streams.engine.output_ends import OutputEnds

__all__ = ["Deliveries", "Section", "Sent"]

Sent: TypeAlias = int  # Everything that was sent before a barrier, which it numbers.


class Deliveries:
    """Sections of what was sent, each from one barrier to the next."""

    def __init__(self) -> None:
        self.refusal: KafkaError | None = None  # The first.
        self.ends = OutputEnds()
        self._barriers = 0
        self._open: deque[Section] = deque([Section(self)])  # The last is the current one.

    @property
    def current(self) -> "Section":
        """Where the next message belongs."""
        return self._open[-1]

    def so_far(self) -> Sent:
        """Return what was sent so far: end the current section, and begin the next."""
        self._barriers += 1
        self._open.append(Section(self))
        return self._barriers

    def are_there(self, sent: Sent) -> bool:
        """Return whether Kafka has all of it."""
        while len(self._open) > 1 and self._open[0].is_there():
            self._open.popleft()
        ended = len(self._open) - 1
        return sent <= self._barriers - ended


class Section:
    """Counts of what was sent between two barriers, and of what Kafka has of it."""

    __slots__ = ("_delivered", "_deliveries", "sent")

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._delivered = 0
        self.sent = 0

    def is_there(self) -> bool:
        """Return whether Kafka has all of it."""
        return self._delivered >= self.sent

    def note(self, error: KafkaError | None, message: Message) -> None:
        """Take the report of one message; Kafka's client calls this for each."""
        deliveries = self._deliveries
        if error is not None:
            deliveries.refusal = deliveries.refusal or error
            return
        self._delivered += 1
        offset = message.offset()
        if offset is not None and offset >= 0:  # Else an attempt without an answer wrote it.
            deliveries.ends.deliver((message.topic() or "", message.partition() or 0), offset)
