"""The simulated AdminClient: what is asked of topics, offsets and settings."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import ConfigResource, NewTopic, OffsetSpec

from tests.simulation.broker.log import Refused
from tests.simulation.clients.base import Client, raised
from tests.simulation.kernel import Task

__all__ = ["SimulatedAdmin"]


class Offset(NamedTuple):
    """An answer about a partition."""

    offset: int


class Described(NamedTuple):
    """An answer about a topic."""

    topic_id: str


class Setting(NamedTuple):
    """A setting of a topic."""

    name: str
    value: str


class _Answer:
    """A future of one part of a request."""

    def __init__(self, client: "SimulatedAdmin", timeout: float | None) -> None:
        self._client = client
        self._timeout = timeout
        self._found: list[object] = []
        self.waiters: list[Task] = []

    def take(self, answer: object) -> None:
        self._found.append(answer)
        self._client.kernel.wake(self.waiters)

    def done(self) -> bool:
        return bool(self._found)

    def result(self, timeout: float | None = None) -> Any:
        kernel = self._client.kernel
        kernel.point("admin")
        kernel.wait(self.done, self.waiters, timeout or self._timeout or 60.0)
        if not self._found:
            raise raised(KafkaError._TIMED_OUT, is_retriable=True)
        if isinstance(self._found[0], Refused):
            raise raised(self._found[0].code)
        return self._found[0]


class SimulatedAdmin(Client):
    """As confluent_kafka's, as far as it is used."""

    @property
    def kernel(self) -> Any:
        return self._kernel

    def list_offsets(
        self,
        requests: Mapping[TopicPartition, OffsetSpec],
        isolation_level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
        request_timeout: float | None = None,
    ) -> dict[TopicPartition, _Answer]:
        committed = isolation_level == IsolationLevel.READ_COMMITTED

        def ask(tp: TopicPartition, spec: OffsetSpec) -> Offset:
            try:
                log = self._cluster.log((tp.topic, tp.partition))
            except Refused:  # The client's own word: it asks no broker about it.
                raise Refused(KafkaError._NOENT) from None
            if spec._value == OffsetSpec.earliest()._value:
                return Offset(log.begin)
            return Offset(log.stable_end if committed else log.end)

        return {
            tp: self._send(partial(ask, tp, spec), request_timeout) for tp, spec in requests.items()
        }

    def describe_topics(
        self, topics: TopicCollection, request_timeout: float | None = None, **_: object
    ) -> dict[str, _Answer]:
        def ask(name: str) -> Described:
            if name not in self._cluster.topics:
                raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
            return Described(self._cluster.topics[name].topic_id)

        names = topics.topic_names
        return {name: self._send(partial(ask, name), request_timeout) for name in names}

    def describe_configs(
        self, resources: Iterable[ConfigResource], request_timeout: float | None = None
    ) -> dict[ConfigResource, _Answer]:
        def ask(name: str) -> dict[str, Setting]:
            if name not in self._cluster.topics:
                raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
            config = self._cluster.topics[name].config
            return {key: Setting(key, value) for key, value in config.items()}

        return {each: self._send(partial(ask, each.name), request_timeout) for each in resources}

    def create_topics(
        self, topics: Iterable[NewTopic], request_timeout: float | None = None, **_: object
    ) -> dict[str, _Answer]:
        def ask(new: NewTopic) -> None:
            self._cluster.create(new.topic, new.num_partitions, new.config)

        return {new.topic: self._send(partial(ask, new), request_timeout) for new in topics}

    def _send(self, ask: Callable[[], object], timeout: float | None) -> _Answer:
        answer = _Answer(self, timeout)
        self._cluster.network.request(self._process, ask, answer.take, channel=self._channel)
        return answer
