"""The only member of risk's group, for as long as the state is being made again.

Kafka refuses the commit of a member that is not alone any more, so no worker that was started in
the middle can be overwritten.
"""

import time
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.errors import StartupError
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.consumer_errors import require_passing
from pipeline.streams.clients.consumer_groups import describe_groups
from pipeline.streams.clients.group_offsets import committed
from pipeline.streams.role_names import RoleName

__all__ = ["SoleMember"]

ANSWER_SECONDS_MAX = 10.0
JOIN_SECONDS_MAX = 60.0
BEAT_SECONDS = 1.0
STOP_FIRST = (
    "stop every risk worker, wait until its session has ended (RISKGATE_SESSION_TIMEOUT_MS), and "
    "run riskgate rebuild again"
)


class SoleMember:
    """Join the group on entry, and leave it on exit; `beat` in between."""

    def __init__(self, broker: Broker, *, partitions: int) -> None:
        self._broker = broker
        self._topic = broker.settings.topic("events")
        self._group = broker.settings.role_group(RoleName.RISK)
        self._partitions = partitions
        self._owned: int | None = None
        self._beat_s = 0.0

    def __enter__(self) -> Self:
        """Raise StartupError when a worker is a member."""
        self._require_empty()
        properties = self._broker.properties(
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="error",
            # What the workers use: Kafka lets nobody join who does not.
            partition_assignment_strategy="range",
            session_timeout_ms=self._broker.settings.session_timeout_ms,
            max_poll_interval_ms=300_000,
        )
        self._consumer = Consumer(properties)
        self._consumer.subscribe([self._topic], on_assign=self._on_assign)
        give_up_s = time.monotonic() + JOIN_SECONDS_MAX
        while self._owned is None:
            self._poll(0.1)
            if time.monotonic() > give_up_s:
                self._consumer.close()
                raise StartupError(
                    f"Kafka did not let this command join {self._group} within "
                    f"{JOIN_SECONDS_MAX:g} s; see its brokers, and try again"
                )
        self._require_alone()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def beat(self) -> None:
        """Hear of others once a second. Raise StartupError when one has joined."""
        now_s = time.monotonic()
        if now_s - self._beat_s >= BEAT_SECONDS:
            self._beat_s = now_s
            self._poll(0)
            self._require_alone()

    def committed(self) -> dict[int, int | None]:
        """Return the group's offset in each partition of `events`; None for none."""
        numbers = range(self._partitions)
        found = committed(self._consumer, [(self._topic, number) for number in numbers])
        return {number: found.get((self._topic, number)) for number in numbers}

    def metadata(self) -> GroupMetadata:
        """Return as whom offsets are committed."""
        self._poll(0)
        self._require_alone()
        metadata: GroupMetadata = self._consumer.consumer_group_metadata()
        return metadata

    def _require_empty(self) -> None:
        members = describe_groups(self._broker, [self._group])[self._group].members
        if members:
            names = sorted({each.group_instance_id or each.client_id for each in members})
            raise StartupError(
                f"{', '.join(names)} is still a member of {self._group}; {STOP_FIRST}"
            )

    def _require_alone(self) -> None:
        if self._owned != self._partitions:
            raise StartupError(f"A risk worker joined {self._group} meanwhile; {STOP_FIRST}")

    def _poll(self, seconds: float) -> None:
        message = self._consumer.poll(seconds)
        error = None if message is None else message.error()
        if error is not None:
            require_passing(error)

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._owned = len(places)
        consumer.assign([])  # It reads nothing here: to be a member is enough.
