"""What the simulated clients have in common: whose they are, and how they wait for an answer."""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from tests.simulation.broker.cluster import Channel, Cluster
from tests.simulation.broker.log import Headers, Refused
from tests.simulation.kernel import Task

__all__ = ["Client", "Operation", "SimulatedMessage", "raised"]

FOREVER_SECONDS = 1e9
UNKNOWN_EPOCH = -1


def raised(
    code: int, *, is_fatal: bool = False, is_retriable: bool = False, is_abortable: bool = False
) -> KafkaException:
    """Return what Kafka's client raises."""
    return KafkaException(
        KafkaError(code, KafkaError(code).str(), is_fatal, is_retriable, is_abortable)
    )


def seconds_of(timeout: float | None) -> float:
    """Return a timeout of Kafka's client; negative and None mean for ever."""
    return FOREVER_SECONDS if timeout is None or timeout < 0 else timeout


class SimulatedMessage:
    """A record, or an error in its place."""

    __slots__ = ("_error", "_headers", "_key", "_offset", "_partition", "_time", "_topic", "_value")

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        *,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: Headers | None = None,
        time: tuple[int, int] = (0, 0),
        error: KafkaError | None = None,
    ) -> None:
        self._topic, self._partition, self._offset = topic, partition, offset
        self._key, self._value, self._headers = key, value, headers
        self._time, self._error = time, error

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> Headers | None:
        return self._headers

    def timestamp(self) -> tuple[int, int]:
        return self._time

    def leader_epoch(self) -> int:
        return UNKNOWN_EPOCH

    def latency(self) -> float:
        return 0.0

    def error(self) -> KafkaError | None:
        return self._error

    def __len__(self) -> int:
        return len(self._value or b"")


class Operation:
    """A transactional call that may take longer than its caller waits."""

    def __init__(self, name: str, wake: Callable[[], None]) -> None:
        self.name = name
        self.answers: list[object] = []
        self._wake = wake

    def take(self, answer: object) -> None:
        """Take the answer, whoever waits for it by then."""
        self.answers.append(answer)
        self._wake()


class Client:
    """A client of the process whose thread makes it."""

    def __init__(self, cluster: Cluster, config: Mapping[str, Any]) -> None:
        self._cluster = cluster
        self._kernel = cluster.kernel
        self._process = cluster.kernel.current.process
        self._config = dict(config)
        self._channel = Channel()
        self._kernel.tick()

    def _ask(self, name: str, call: Callable[[], object], timeout: float | None, **how: Any) -> Any:
        """Ask and wait. Raise KafkaException if the answer is an error, or none comes in time."""
        answers: list[object] = []
        waiters: list[Task] = []

        def take(answer: object) -> None:
            answers.append(answer)
            self._kernel.wake(waiters)

        self._kernel.point(f"before {name}")
        self._cluster.network.request(self._process, call, take, channel=self._channel, **how)
        self._kernel.wait(lambda: bool(answers), waiters, seconds_of(timeout))
        self._kernel.point(f"after {name}")
        if not answers:
            raise raised(KafkaError._TIMED_OUT, is_retriable=True)
        if isinstance(answers[0], Refused):
            raise raised(answers[0].code)
        return answers[0]

    def poll(self, timeout: float | None = None) -> Any:
        """Serve callbacks."""
        self._kernel.tick()

    def list_topics(self, topic: str | None = None, timeout: float | None = None) -> Any:
        """Return the topics of the cluster."""
        return self._ask("list_topics", lambda: _Metadata(self._cluster), timeout)


class _Partition:
    def __init__(self) -> None:
        self.replicas = [1]
        self.isrs = [1]
        self.leader = 1
        self.error = None


class _TopicMetadata:
    def __init__(self, partitions: int) -> None:
        self.partitions = {number: _Partition() for number in range(partitions)}
        self.error = None


class _Metadata:
    """What list_topics returns."""

    def __init__(self, cluster: Cluster) -> None:
        self.brokers = {1: "broker"}
        self.topics = {
            name: _TopicMetadata(len(topic.logs)) for name, topic in cluster.topics.items()
        }
