"""Follow what is published in some partitions, in turns that wait for nothing.

Apart from engine/published.py, which reads once up to where the outputs end at a takeover.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.streams.clients.consumer_errors import (
    is_partition_end,
    passes,
    require_answers,
)
from pipeline.streams.clients.polling import WITHOUT_COMMITS, poll_all
from pipeline.streams.role_interface import Output, Place
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings

__all__ = ["Follow", "Heard", "NotFollowing", "OnHeard", "OutputFollower", "ignore"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 1000
ANSWER_SECONDS_MAX = 2.0
AGAIN_SECONDS = 1.0

OnHeard = Callable[[Place, int], None]  # The place and offset of an output.


class Heard(NamedTuple):
    """An output that is on its topic."""

    partition: int
    output: Output


class Follow(Protocol):
    """Tell what anybody publishes in some partitions."""

    def begin(self, partition: int, *, since_ms: int) -> None:
        """Follow a partition from the outputs of a time on."""

    def end(self, partition: int) -> None:
        """Follow a partition no more."""

    def poll(self) -> Sequence[Heard]:
        """Return what came since this was asked, each topic of a partition in its order."""


class NotFollowing:
    """For a role without a broker."""

    def begin(self, partition: int, *, since_ms: int) -> None:
        """There is nobody to ask."""

    def end(self, partition: int) -> None:
        """Nothing is followed."""

    def poll(self) -> Sequence[Heard]:
        """Return nothing."""
        return ()


def ignore(_place: Place, _offset: int) -> None:
    """Note nothing."""


class OutputFollower:
    """Read the outputs with a consumer of its own, which exists while something is followed."""

    def __init__(
        self,
        settings: Settings,
        topics: Iterable[str],
        *,
        on_heard: OnHeard = ignore,
    ) -> None:
        self._settings = settings
        self._on_heard = on_heard  # Called with the place and offset of each output.
        self._topics = [settings.topic(name) for name in topics]
        self._consumer: Consumer | None = None
        self._wanted: dict[int, int] = {}  # Partitions that are not begun: since when.
        self._followed: set[int] = set()
        self._again_s = 0.0

    def begin(self, partition: int, *, since_ms: int) -> None:
        """Follow a partition from the outputs of a time on; if no broker answers, a bit later."""
        self.end(partition)
        self._wanted[partition] = since_ms
        self._again_s = 0.0

    def end(self, partition: int) -> None:
        """Follow a partition no more."""
        self._wanted.pop(partition, None)
        if partition in self._followed and self._consumer is not None:
            self._followed.remove(partition)
            places = [TopicPartition(topic, partition) for topic in self._topics]
            self._consumer.incremental_unassign(places)
        if self._consumer is not None and not self._followed and not self._wanted:
            self._consumer.close()
            self._consumer = None

    def poll(self) -> Sequence[Heard]:
        """Return what came since this was asked."""
        if self._wanted and time.monotonic() >= self._again_s:
            self._begin_wanted()
        if self._consumer is None:
            return ()
        heard = []
        for message in poll_all(self._consumer, BATCH_RECORDS):
            error, partition = message.error(), message.partition() or 0
            if error is not None:
                self._hear_error(message.topic() or "", partition, error)
            elif partition in self._followed:
                output = Output(message.topic() or "", message.key(), message.value())
                heard.append(Heard(partition, output))
                self._on_heard((output.topic, partition), message.offset() or 0)
        return heard

    def _hear_error(self, topic: str, partition: int, error: KafkaError) -> None:
        """Go on without what cannot be read: this worker only compares."""
        if is_partition_end(error) or passes(error):
            return
        logger.error("%s[%d] is followed no more: %s", topic, partition, error.str())
        self.end(partition)

    def _begin_wanted(self) -> None:
        if self._consumer is None:
            self._consumer = Consumer(
                WITHOUT_COMMITS
                | {
                    **self._settings.connection(),
                    "group.id": self._settings.role_group(RoleName.RISK),
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_uncommitted",  # Outputs have no transaction.
                    "log_level": 0,  # Errors arrive with the messages.
                }
            )
        try:
            for partition, since_ms in list(self._wanted.items()):
                self._consumer.incremental_assign(self._places(self._consumer, partition, since_ms))
                self._followed.add(partition)
                del self._wanted[partition]
        except KafkaException as error:
            self._again_s = time.monotonic() + AGAIN_SECONDS
            logger.warning("The outputs cannot be followed yet: %s", error)

    def _places(self, consumer: Consumer, partition: int, since_ms: int) -> list[TopicPartition]:
        """Return where to begin; where nothing is as new as the time, at the end."""
        asked = [TopicPartition(topic, partition, max(0, since_ms)) for topic in self._topics]
        # The ends first: what comes between both answers must not be missed.
        ends = [consumer.get_watermark_offsets(tp, timeout=ANSWER_SECONDS_MAX)[1] for tp in asked]
        found = require_answers(consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS_MAX))
        begins = {tp.topic: tp.offset for tp in found}
        return [
            TopicPartition(tp.topic, partition, begins[tp.topic] if begins[tp.topic] >= 0 else end)
            for tp, end in zip(asked, ends, strict=True)
        ]
