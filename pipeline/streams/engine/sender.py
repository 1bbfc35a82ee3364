"""Send messages, in order, and know which of them Kafka has.

Apart from loop.py because two senders of a worker have nothing to do with what it reads.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from confluent_kafka import KafkaError, Message, Producer

from pipeline.streams.clients.session_errors import ended
from pipeline.streams.engine.deliveries import Deliveries, Sent
from pipeline.streams.role_interface import EngineSettings, Headers, SessionLost, Stopped

__all__ = ["Sender", "output_producer"]

logger = logging.getLogger(__name__)

_Message = tuple[str, bytes | None, bytes | None, int, Headers | None]
Report: TypeAlias = Callable[[KafkaError | None, Message], None]
FULL_QUEUE_SECONDS_MAX = 20.0  # Less than the watchdog waits: this one says why.
WAIT_SECONDS = 0.1
HELD_BYTES_MAX = 4_194_304  # What a thousand decisions take; a few records may make far more.
DELIVERY_SECONDS_MAX = 30.0
LOOK_SECONDS = 0.01
PURGE_SECONDS_MAX = 5.0


class Sender:
    """Send a role's messages at once, in order, and remember the first that Kafka refused.

    In a transaction nothing is counted: a message that is refused fails its commit by itself.
    """

    producer: Producer  # There when the worker runs.

    def __init__(self, *, transactional: bool = False) -> None:
        self.deliveries = Deliveries()
        self.ends = self.deliveries.ends
        self._is_transactional = transactional
        self._is_closed = False
        self._is_holding = False
        self._held: list[_Message] = []
        self._held_bytes = 0

    def hold(self) -> None:
        """Keep what is sent until `release`, or until it is so much that it takes memory.

        Each message that finds the client idle becomes a request of its own, which costs it and the
        broker as much as deciding does. So what comes of many records goes out together.
        """
        self._is_holding = True

    def release(self) -> None:
        """Send what was held, in order, and hold nothing more."""
        self._is_holding = False
        self.send_held()

    def send_held(self) -> None:
        """Send what was held so far, in order."""
        held, self._held, self._held_bytes = self._held, [], 0
        self._send_all(held)

    def _send_all(self, messages: Sequence[_Message]) -> None:
        section = self.deliveries.current
        report = None if self._is_transactional else section.note
        for message in messages:
            section.sent += 1
            self.send(*message, report)

    def drop_held(self) -> None:
        """Forget what was held: whoever has its partitions now decides it again."""
        self._held, self._held_bytes = [], 0

    def close(self) -> bool:
        """Send nothing more; return whether nothing is left that Kafka's client may still send.

        What is on its way may arrive, as after a kill: whoever begins anew expects that.
        """
        self._is_closed = True
        self.drop_held()
        producer: Producer | None = getattr(self, "producer", None)
        if producer is None:  # It never ran.
            return True
        producer.purge()
        give_up_s = time.monotonic() + PURGE_SECONDS_MAX
        while len(producer):
            if time.monotonic() > give_up_s:
                return False
            producer.poll(LOOK_SECONDS)  # Each message that was dropped is reported here.
        return True

    def send(  # noqa: PLR0913, PLR0917 - The parts of a Kafka message.
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        place: int,
        headers: Headers | None,
        report: Report | None,
    ) -> None:
        """Send a message now, and have its delivery reported; place: -1 lets the key decide."""
        if self._is_closed:
            raise Stopped("A worker that has ended was to send a message; none of it was sent")
        produce = self.producer.produce
        for _ in range(int(FULL_QUEUE_SECONDS_MAX / WAIT_SECONDS)):
            try:
                if headers is None:  # By position: Kafka's client takes a third less time so.
                    produce(topic, value, key, place, report)
                else:
                    produce(topic, value, key, place, report, headers=headers)
            except BufferError:
                self.producer.poll(WAIT_SECONDS)
            else:
                return
        raise SessionLost(
            f"Kafka took no message for {FULL_QUEUE_SECONDS_MAX:.0f} s; see its brokers"
        )

    def take(  # noqa: PLR0913 - The parts of a Kafka message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send a message; without a partition its key decides, by murmur2 as in Java."""
        self._held.append((topic, key, value, -1 if partition is None else partition, headers))
        self._held_bytes += len(value or b"")
        if not self._is_holding or self._held_bytes > HELD_BYTES_MAX:
            self.send_held()

    def sent_so_far(self) -> Sent:
        """Return what was sent so far, whatever is sent from now on; see `has_delivered`."""
        return self.deliveries.so_far()

    def has_delivered(self, sent: Sent) -> bool:
        """Return whether Kafka has all of it."""
        self.producer.poll(0)
        return self.deliveries.are_there(sent)

    def await_deliveries(self, instance: str, *, beat: Callable[[], None]) -> None:
        """Wait until Kafka has all that was sent; call `beat` meanwhile. Raise Stopped if not."""
        began_s, sent = time.monotonic(), self.sent_so_far()
        while not self.has_delivered(sent):
            self.check_delivery(instance, since_s=began_s)
            beat()
            time.sleep(LOOK_SECONDS)

    def check_delivery(self, instance: str, *, since_s: float) -> None:
        """Raise Stopped when what was sent by then will not be there in time, or never."""
        self.raise_refusal(instance)
        if time.monotonic() - since_s > DELIVERY_SECONDS_MAX:
            raise SessionLost(
                f"Kafka did not acknowledge the outputs of {instance} within "
                f"{DELIVERY_SECONDS_MAX:.0f} s; see its brokers. A restart resumes from the last "
                "checkpoint"
            )

    def raise_refusal(self, instance: str) -> None:
        """Raise Stopped when Kafka refused a message: what followed it may not be committed."""
        refusal = self.deliveries.refusal
        if refusal is not None:
            raise ended(refusal)(
                f"Kafka refused a message of {instance} "
                f"({refusal.str()}); neither it nor what followed was committed"
            )


def output_producer(settings: EngineSettings) -> Producer:
    """Return a producer that is idempotent and waits for nothing, beside a transactional one."""
    properties = settings.producer(transactional=False)
    return Producer({**properties, "bootstrap.servers": settings.brokers}, logger=logger)
