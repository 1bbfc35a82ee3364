"""A simulated Kafka: topics and their logs, coordinators, and the network between it and clients.

Answers may come late, brokers may be away, a coordinator may move: then a request waits and is
taken later, as Kafka's client repeats it until its caller gives up. What a client sent before it
died arrives all the same, or is lost with all that followed it on its connection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from confluent_kafka import KafkaError

from tests.simulation.broker.groups import Groups
from tests.simulation.broker.log import Headers, Log, Refused, Transaction
from tests.simulation.broker.transactions import Coordinator
from tests.simulation.kernel import Kernel, Process

__all__ = ["Channel", "Cluster", "Network", "Outgoing", "Topic"]

Place = tuple[str, int]
Reply: TypeAlias = Callable[[Any], None]  # A Refused, or what was asked for.
LATENCY_SECONDS = (0.0003, 0.002)
LOST_RATIO = 0.3  # Of what a process had sent when it died; with one request, all after it.


class Channel:
    """A connection: what is sent first arrives first."""

    def __init__(self) -> None:
        self.arrived_s = 0.0
        self.is_broken = False


class Network:
    """How long requests and answers take, and who cannot be reached."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.late_s_max = 0.0  # Of a broker that is slow now.
        self.away_until_s = 0.0  # All brokers.
        self.moving_until_s = 0.0  # The coordinators.
        self._cut_until_s: dict[str, float] = {}

    def cut(self, process: Process, seconds: float) -> None:
        """Let nothing of a process through for so long."""
        self._cut_until_s[process.name] = self.kernel.now_s + seconds
        for call in process.on_frozen:
            call()

        def mend() -> None:
            for call in process.on_thawed:
                call()

        self.kernel.after(seconds, mend)

    def is_cut(self, process: Process) -> bool:
        """Return whether nothing of a process gets through."""
        return self._cut_until_s.get(process.name, 0.0) > self.kernel.now_s

    def heal(self) -> None:
        """Let everything through at once again."""
        self.late_s_max = self.away_until_s = self.moving_until_s = 0.0
        self._cut_until_s.clear()

    def request(
        self,
        process: Process,
        ask: Callable[[], object],
        reply: Reply,
        *,
        channel: Channel | None = None,
        of_coordinator: bool = False,
    ) -> None:
        """Ask the brokers; the answer reaches the process unless it is dead by then."""
        arrival_s = self.kernel.now_s + self._way_s()
        if channel is not None:
            arrival_s = channel.arrived_s = max(arrival_s, channel.arrived_s)

        def arrive() -> None:
            if (until_s := self._closed_until_s(process, of_coordinator)) > self.kernel.now_s:
                # All that waits comes in its order, and what is sent later comes after it.
                later_s = until_s + LATENCY_SECONDS[0]
                if channel is not None:
                    channel.arrived_s = max(channel.arrived_s, later_s)
                self.kernel.at(later_s, arrive)
                return
            if process.is_dead and channel is not None:
                channel.is_broken |= self.kernel.random.random() < LOST_RATIO
                if channel.is_broken:
                    return
            try:
                answer: object = ask()
            except Refused as refused:
                answer = refused
            self.kernel.after(self._way_s(), lambda: process.deliver(lambda: reply(answer)))

        self.kernel.at(arrival_s, arrive)

    def _closed_until_s(self, process: Process, of_coordinator: bool) -> float:  # noqa: FBT001
        moving_s = self.moving_until_s if of_coordinator else 0.0
        return max(self.away_until_s, moving_s, self._cut_until_s.get(process.name, 0.0))

    def _way_s(self) -> float:
        random = self.kernel.random
        late_s = self.late_s_max * random.random() ** 3 if self.late_s_max else 0.0
        return random.uniform(*LATENCY_SECONDS) + late_s


@dataclass(slots=True)
class Outgoing:
    """A record on its way to a log."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    timestamp_ms: int


@dataclass(slots=True)
class Topic:
    """A topic, its own id and its settings."""

    name: str
    topic_id: str
    config: dict[str, str]
    logs: list[Log] = field(default_factory=list)

    @property
    def has_append_time(self) -> bool:
        """Whether its records get the broker's time."""
        return self.config.get("message.timestamp.type") == "LogAppendTime"


class Cluster:
    """Everything behind the addresses of the brokers."""

    def __init__(
        self, kernel: Kernel, *, scan_s: float = 1.0, initial_delay_s: float = 0.0
    ) -> None:
        self.kernel = kernel
        self.network = Network(kernel)
        self.topics: dict[str, Topic] = {}
        self.groups = Groups(
            kernel, lambda topic: len(self.topics[topic].logs), initial_delay_s=initial_delay_s
        )
        self.transactions = Coordinator(kernel, self.groups, self.log, scan_s=scan_s)
        self.transactions.on_change = self._news_of
        self.readers: list[Callable[[Outgoing], None]] = []  # Of everything, at once.
        self._made = 0
        self._waiting: dict[Place, list[Callable[[], None]]] = {}

    def create(self, name: str, partitions: int, config: Mapping[str, str] | None = None) -> None:
        """Create a topic. Raise Refused if there is one of that name."""
        if name in self.topics:
            raise Refused(KafkaError.TOPIC_ALREADY_EXISTS)
        self._made += 1
        defaults = {
            "cleanup.policy": "delete",
            "delete.retention.ms": "86400000",
            "message.timestamp.type": "CreateTime",
        }
        topic = Topic(name, f"topic-id-{self._made}", defaults | dict(config or {}))
        topic.logs = [Log(name, number) for number in range(partitions)]
        self.topics[name] = topic

    def log(self, place: Place) -> Log:
        """Return a log. Raise Refused if there is none."""
        topic = self.topics.get(place[0])
        if topic is None or not 0 <= place[1] < len(topic.logs):
            raise Refused(KafkaError.UNKNOWN_TOPIC_OR_PART)
        return topic.logs[place[1]]

    def append(self, outgoing: Outgoing, transaction: Transaction | None = None) -> int:
        """Append a record and return its offset."""
        log = self.log(outgoing.place)
        at_ms = outgoing.timestamp_ms
        if self.topics[log.topic].has_append_time:
            at_ms = int(self.kernel.now_s * 1000)
        if transaction is not None:
            transaction.places.add(log.place)
        offset = log.append(
            outgoing.key,
            outgoing.value,
            timestamp_ms=at_ms,
            headers=outgoing.headers,
            transaction=transaction,
        )
        self._news_of(log.place)
        for read in self.readers:
            read(outgoing)
        return offset

    def on_news(self, place: Place, call: Callable[[], None]) -> None:
        """Call once, when there is more in a log."""
        self._waiting.setdefault(place, []).append(call)

    def _news_of(self, place: Place) -> None:
        for call in self._waiting.pop(place, []):
            call()
