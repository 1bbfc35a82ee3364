"""What broadcast writes: heartbeats and revaluations to `events`, dead letters of prices.

Idempotent and without transactions: a repeated heartbeat or revaluation does no harm, and one that
cannot be delivered within seconds is useless.
"""

import logging
import time

from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    KafkaError,
    KafkaException,
    Message,
    Producer,
)

from pipeline.streams.clients.append_time import without_append_time
from pipeline.streams.clients.broker_clock import BrokerClock
from pipeline.streams.clients.session_errors import ended
from pipeline.streams.observe import metrics
from pipeline.streams.roles.broadcast.risk_lag import RiskLag
from pipeline.streams.settings import Settings
from topics import codec
from topics.dead_letters import DeadLetter
from topics.events import Event

__all__ = ["BroadcastProducer"]

logger = logging.getLogger(__name__)

CLOSE_SECONDS_MAX = 5.0
PRODUCER: dict[str, str | int | bool] = {
    "acks": "all",
    "compression.type": "lz4",
    "enable.idempotence": True,
    "linger.ms": 0,
    "message.max.bytes": 1_048_576,
    "message.timeout.ms": 5000,
    "partitioner": "murmur2",
}


class BroadcastProducer:
    """Send without waiting; deliveries are reported to the lag and the clock."""

    def __init__(self, settings: Settings, lag: RiskLag, clock: BrokerClock) -> None:
        self._lag = lag
        self._clock = clock
        self._has_append_time = True
        self._bytes_max = settings.event_bytes_max
        self._events = settings.topic("events")
        self._dead_letters = settings.topic("dead_letters")
        self._producer = Producer({**settings.connection(), **PRODUCER}, logger=logger)

    def send(self, event: Event, partition: int) -> bool:
        """Write an event to a partition; return False if the queue is full or it is too large."""
        value = codec.encode_event(event)
        if len(value) > self._bytes_max:
            return False
        sent_s = time.monotonic()

        def report(error: KafkaError | None, message: Message) -> None:
            self._report(error, message, sent_s)

        key = event.account_id.encode()
        try:
            self._producer.produce(
                self._events, value=value, key=key, partition=partition, on_delivery=report
            )
        except BufferError:
            return False
        return True

    def write_dead_letter(self, letter: DeadLetter, key: bytes | None) -> None:
        """Write a dead letter; if the queue is full, only count it."""
        try:
            self._producer.produce(self._dead_letters, value=codec.encode(letter), key=key)
        except BufferError:
            metrics.UNDELIVERED.inc()

    def poll(self) -> None:
        """Handle delivery reports. Raise Stopped after a fatal error."""
        try:
            self._producer.poll(0)
        except KafkaException as error:
            kind = ended(error.args[0])
            raise kind(f"Kafka takes no more events ({error.args[0].str()})") from error
        if not self._has_append_time:
            raise without_append_time(self._events)

    def close(self) -> None:
        """Wait a few seconds for outstanding deliveries; then nothing more is sent."""
        self._producer.flush(CLOSE_SECONDS_MAX)
        self._producer.purge()

    def _report(self, error: KafkaError | None, message: Message, sent_s: float) -> None:
        if error is not None:
            metrics.UNDELIVERED.inc()
            return
        partition, offset = message.partition() or 0, message.offset()
        if offset is None or offset < 0:
            return  # An earlier attempt without an answer wrote it; its offset is unknown.
        kind, at_ms = message.timestamp()
        self._has_append_time &= kind == TIMESTAMP_LOG_APPEND_TIME
        self._lag.delivered(partition, offset, sent_s)
        self._clock.add_sample(partition, appended_ms=at_ms, acknowledged_s=time.monotonic())
