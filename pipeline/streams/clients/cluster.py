"""Requests to the brokers that a worker makes before and beside its stream.

Apart from application.py because every role needs some of them and none needs quixstreams.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import NamedTuple, Self, TypeVar

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from pipeline.errors import StartupError
from pipeline.streams.client_settings import ADMIN, ADMIN_SECONDS_MAX
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.clients.last_error import LastError
from pipeline.streams.clients.topic_plan import changelog_config
from pipeline.streams.role_interface import EngineSettings
from pipeline.streams.settings import Settings

__all__ = ["Bounds", "Cluster", "id_of", "topic_id"]

Answer = TypeVar("Answer")
REQUEST_SECONDS_MAX = 20.0
ATTEMPT_SECONDS_MAX = 5.0  # A request can get lost while a leader moves, so it is repeated.
# Errors of a leader that is new or moving; they pass within moments.
PASSING = {
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError._NOENT,  # noqa: SLF001 - Its only name.
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._TRANSPORT,  # noqa: SLF001
}


class Bounds(NamedTuple):
    """The offsets of a partition: `low` is its first, `high` the one after its last."""

    low: int
    high: int


class Cluster:
    """Read and create topics. Raise StartupError with a sentence that says what to do."""

    def __init__(self, brokers: str, *, security: Mapping[str, str], seconds_max: float) -> None:
        self.beat: Callable[[], None] = lambda: None
        self.delete_retention_ms = 0  # Of the changelog, once it exists.
        self._brokers = brokers
        self._seconds_max = seconds_max
        self._last_error = LastError()
        self._admin = AdminClient(
            {
                **security,
                **ADMIN,
                "bootstrap.servers": brokers,
                "log_level": 0,  # Its errors come through the callback.
                "error_cb": self._last_error.remember,
            }
        )

    @classmethod
    def of(cls, settings: EngineSettings, *, stateful: bool) -> Self:
        """Return a worker's cluster after its checks. Raise StartupError if it must not start."""
        cluster = cls(
            settings.brokers, security=settings.security, seconds_max=settings.startup_seconds_max
        )
        cluster.check(dict.fromkeys(settings.topics) | dict(settings.partitions))
        if stateful:
            partitions = settings.partitions[settings.topics[0]]
            assert partitions is not None
            cluster.ensure_changelog(settings.changelog, partitions=partitions)
        return cluster

    def check(self, partitions: Mapping[str, int | None]) -> None:
        """Raise StartupError unless every topic exists with the required partition count."""
        topics = self._metadata().topics
        for topic, wanted in partitions.items():
            if topic not in topics:
                raise StartupError(
                    f"The topic {topic} does not exist at {self._brokers}, or this user may not "
                    "see it; create it with: riskgate topics create"
                )
            found = len(topics[topic].partitions)
            if wanted not in {None, found}:
                raise StartupError(
                    f"The topic {topic} has {found} partitions, but the settings say {wanted}; "
                    "the count can never change: correct the setting, or recreate the topics"
                )

    def ensure_changelog(self, topic: str, *, partitions: int) -> None:
        """Create a changelog unless it exists. Raise StartupError if it would lose state."""
        metadata = self._metadata()
        if topic not in metadata.topics:
            self._create(topic, partitions=partitions, brokers=len(metadata.brokers))
        self.check({topic: partitions})
        config = self._config(topic)
        self.delete_retention_ms = int(config["delete.retention.ms"])
        policy = config["cleanup.policy"]
        if policy != "compact":
            raise StartupError(
                f"The topic {topic} has cleanup.policy={policy}, which deletes state; "
                "set it to compact"
            )

    def patiently(
        self, ask: Callable[[], Answer], *, seconds_max: float = REQUEST_SECONDS_MAX
    ) -> Answer:
        """Retry passing errors for at most `seconds_max`; call `beat` before each attempt."""
        deadline_s = time.monotonic() + seconds_max
        while True:
            self.beat()
            try:
                return ask()
            except KafkaException as error:
                if error.args[0].code() not in PASSING or time.monotonic() > deadline_s:
                    raise
            time.sleep(0.1)
            # Otherwise librdkafka would keep its cached answer that there is no leader.
            self._metadata()

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """Return Kafka's own id of each topic."""
        wanted = TopicCollection(list(topics))

        def ask() -> dict[str, str]:
            answers = self._admin.describe_topics(wanted, request_timeout=ADMIN_SECONDS_MAX)
            return {topic: str(_result(answer).topic_id) for topic, answer in answers.items()}

        return self.patiently(ask)

    def bounds(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Bounds]:
        """Return where each log begins and ends, including open transactions."""
        wanted = list(partitions)
        low = self.patiently(lambda: self._offsets(wanted, OffsetSpec.earliest()))
        high = self.patiently(lambda: self._offsets(wanted, OffsetSpec.latest()))
        return {partition: Bounds(low[partition], high[partition]) for partition in wanted}

    def left_open(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return, by partition, the offset at which the oldest transaction begins that is open."""
        wanted, latest = list(partitions), OffsetSpec.latest()
        stable = self.patiently(
            lambda: self._offsets(wanted, latest, isolation=IsolationLevel.READ_COMMITTED)
        )
        ends = self.patiently(lambda: self._offsets(wanted, latest))
        return {place: at for place, at in stable.items() if at < ends[place]}

    def _offsets(
        self,
        partitions: list[tuple[str, int]],
        spec: OffsetSpec,
        *,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[tuple[str, int], int]:
        answers = self._admin.list_offsets(
            {TopicPartition(*partition): spec for partition in partitions},
            isolation_level=isolation,
            request_timeout=ADMIN_SECONDS_MAX,
        )
        found = {(tp.topic, tp.partition): _result(answer).offset for tp, answer in answers.items()}
        if min(found.values(), default=0) < 0:
            # librdkafka's answer, without an error, for a leader that died just now: believed, it
            # is a log that was cut.
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return found

    def _metadata(self) -> ClusterMetadata:
        try:
            metadata: ClusterMetadata = self._admin.list_topics(timeout=self._seconds_max)
        except KafkaException as error:
            self._admin.poll(0)
            raise BrokerError(
                f"No Kafka broker answers at {self._brokers} within {self._seconds_max:g} s "
                f"({self._last_error.reason or 'no answer'}); start it, or correct its address or "
                "credentials"
            ) from error
        return metadata

    def _create(self, topic: str, *, partitions: int, brokers: int) -> None:
        new = NewTopic(
            topic,
            num_partitions=partitions,
            replication_factor=min(3, brokers),
            config=changelog_config(brokers),
        )
        answers = self._admin.create_topics([new], request_timeout=ADMIN_SECONDS_MAX)
        try:
            _result(answers[topic], REQUEST_SECONDS_MAX)
        except KafkaException as error:
            # Another worker may have created it meanwhile.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise StartupError(
                    f"The topic {topic} could not be created ({error.args[0].str()}); "
                    "create it with: riskgate topics create"
                ) from error
        self._await_topic(topic)

    def _await_topic(self, topic: str) -> None:
        deadline = time.monotonic() + self._seconds_max
        while topic not in self._metadata().topics and time.monotonic() < deadline:
            time.sleep(0.05)

    def _config(self, topic: str) -> dict[str, str]:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        answer = self._admin.describe_configs([resource], request_timeout=ADMIN_SECONDS_MAX)
        entries = _result(answer[resource], REQUEST_SECONDS_MAX).values()
        return {entry.name: entry.value for entry in entries}


def _result(answer: "Future[Answer]", seconds_max: float = ATTEMPT_SECONDS_MAX) -> Answer:
    """Return an answer. Raise KafkaException when it is an error, or does not come in time."""
    try:
        return answer.result(seconds_max)
    except TimeoutError:
        late = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 - Its only name.
        raise KafkaException(late) from None


def topic_id(settings: Settings, name: str) -> str:
    """Return Kafka's own id of one of riskgate's topics; name: without the prefix."""
    return id_of(settings, settings.topic(name))


def id_of(settings: Settings, topic: str) -> str:
    """Return Kafka's own id of any topic; topic: its whole name."""
    return ids_of(settings, [topic])[topic]


def ids_of(settings: Settings, topics: Iterable[str]) -> dict[str, str]:
    """Return Kafka's own id of each of these topics; topics: their whole names."""
    cluster = Cluster(
        settings.brokers, security=settings.connection(), seconds_max=REQUEST_SECONDS_MAX
    )
    return cluster.topic_ids(topics)
