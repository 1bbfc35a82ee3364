"""Topics of a test's own, workers that count, and what Kafka says they did."""

import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.role_interface import EngineSettings
from pipeline.streams.roles.children import python_command
from tests.kafka.counter import Count, Counter, Tally
from tests.kafka.reading import read_all

SESSION_MS = 1500  # So that the broker soon gives up a worker that is gone.
WAIT_SECONDS_MAX = 30.0
T = TypeVar("T")


class Worker:
    """An application serving a role in a thread of this process."""

    def __init__(self, app: StreamApplication, role: Counter, tally: Tally | None = None) -> None:
        self.app = app
        self.tally = tally or Tally()
        self.error: BaseException | None = None
        self.role = role
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def ready(self) -> "Worker":
        """Wait until it owns partitions."""
        until(lambda: self.app.status.ready or self.error is not None)
        if self.error is not None:
            raise self.error
        return self

    def stop(self) -> None:
        """End it in good order."""
        self.app.stop()
        self._thread.join(WAIT_SECONDS_MAX)
        if self.error is not None:
            raise self.error

    def end(self) -> BaseException:
        """Wait until it ends by itself and return why."""
        until(lambda: self.error is not None)
        self._thread.join(WAIT_SECONDS_MAX)
        assert self.error is not None
        return self.error

    def _serve(self) -> None:
        try:
            self.app.serve(self.role)
        except BaseException as error:  # noqa: BLE001 - The test says what it should be.
            self.error = error


class Output(NamedTuple):
    """What a reader of the outputs sees."""

    key: bytes
    n: int
    offset: int


class Rig:
    """One test's topics, groups and folders on the shared broker."""

    def __init__(self, brokers: str, folder: Path) -> None:
        self.brokers = brokers
        self.folder = folder
        self.log = folder / "processes.log"
        self.name = uuid.uuid4().hex[:8]
        self.source, self.target = f"{self.name}.events", f"{self.name}.outputs"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.admin = AdminClient({"bootstrap.servers": brokers})

    def make(self, topic: str, partitions: int = 1, **config: str) -> None:
        """Create a topic; underscores stand for dots in the names of its settings."""
        settings = {name.replace("_", "."): value for name, value in config.items()}
        new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=settings)
        done(self.admin.create_topics([new])[topic])
        until(lambda: all(self.ends_at(topic, 0, number) for number in range(partitions)))

    def make_both(self, partitions: int = 1) -> None:
        """Create the source and the target."""
        self.make(self.source, partitions)
        self.make(self.target, partitions)

    def delete(self, topic: str) -> None:
        """Delete a topic."""
        done(self.admin.delete_topics([topic])[topic])
        until(lambda: topic not in self.admin.list_topics(timeout=5).topics)

    def settings(self, partitions: int = 1, **changes: object) -> EngineSettings:
        """Return the settings of this test's first worker, with changes."""
        settings = EngineSettings(
            brokers=self.brokers,
            group=self.name,
            instance="first",
            topics=(self.source,),
            partitions={self.source: partitions, self.target: partitions},
            state_dir=self.folder / "state",
            session_timeout_ms=SESSION_MS,
            checkpoint_interval_ms=100,
            outputs=(self.target,),
        )
        return replace(settings, **changes)  # type: ignore[arg-type]

    def risk(self, settings: EngineSettings, **role: float) -> Worker:
        """Start a counting risk worker."""
        tally = Tally()
        app = RiskApplication(settings, observer=tally)
        return Worker(app, Counter(app.produce, self.target, **role), tally)

    def ingest(self, settings: EngineSettings, **role: float) -> Worker:
        """Start a counting ingest worker."""
        tally = Tally()
        app = IngestApplication(settings, observer=tally)
        return Worker(app, Counter(app.produce, self.target, **role), tally)

    def process(self, kind: str, **arguments: object) -> subprocess.Popen[bytes]:
        """Start a counting worker in a process of its own."""
        wanted = {
            "kind": kind,
            "brokers": self.brokers,
            "group": self.name,
            "instance": "first",
            "source": self.source,
            "target": self.target,
            "partitions": 1,
            "state_dir": str(self.folder / "state"),
        }
        command = python_command("-m", "tests.kafka.counting_worker")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*command, msgspec.json.encode(wanted | arguments).decode()], stderr=log
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        """End every process started here."""
        for process in self._processes:
            process.kill()
            process.wait()

    def feed(
        self, count: int, *, key: bytes = b"a", partition: int = 0, value: bytes = b""
    ) -> None:
        """Write records to the source."""
        producer = Producer({"bootstrap.servers": self.brokers, "log_level": 0})
        for _ in range(count):
            producer.produce(self.source, value, key, partition)
        assert producer.flush(WAIT_SECONDS_MAX) == 0

    def outputs(self, count: int = 0, *, partitions: int = 1) -> list[Output]:
        """Return everything committed to the target, once it is at least `count`."""
        found: list[Output] = []

        def is_enough() -> bool:
            found[:] = map(output, read_all(self.brokers, self.target, partitions=partitions))
            return len(found) >= count

        until(is_enough)
        return found

    def committed(self, partition: int = 0) -> int:
        """Return the group's offset in the source; negative for none."""
        # Not by list_consumer_group_offsets: librdkafka (2.12.1, its issue 5040) then reads through
        # a null pointer when the group's coordinator is not there yet.
        place = TopicPartition(self.source, partition)
        with closing(
            Consumer({"bootstrap.servers": self.brokers, "group.id": self.name})
        ) as asking:
            offset: int = asking.committed([place], timeout=WAIT_SECONDS_MAX)[0].offset
        return offset

    def commit(self, offset: int, partition: int = 0) -> None:
        """Set the group's offset in the source, as an operator would."""
        wanted = ConsumerGroupTopicPartitions(
            self.name, [TopicPartition(self.source, partition, offset)]
        )
        done(self.admin.alter_consumer_group_offsets([wanted])[self.name])

    def end(self, topic: str, *, stable: bool = False, partition: int = 0) -> int:
        """Return where a log ends: for everybody, or for a reader of committed messages."""
        place = TopicPartition(topic, partition)
        isolation = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
        answer = self.admin.list_offsets(
            {place: OffsetSpec.latest()}, isolation_level=isolation, request_timeout=5
        )
        offset: int = done(answer[place]).offset
        return offset

    def ends_at(self, topic: str, offset: int, partition: int = 0) -> bool:
        """Return whether the log ends there, as far as a broker answers."""
        self.admin.list_topics(timeout=5)
        try:
            return self.end(topic, partition=partition) == offset
        except KafkaException:  # It has no leader yet, or the client knows of a later one.
            return False

    def leave(self) -> None:
        """Wait until the group has no members: a static one is kept until its session ends."""
        until(lambda: not done(self.admin.describe_consumer_groups([self.name])[self.name]).members)


def output(message: Message) -> Output:
    """Decode an output."""
    count = msgspec.json.decode(message.value() or b"", type=Count)
    return Output(message.key() or b"", count.n, count.offset)


def done(answer: "Future[T]") -> T:
    """Return what Kafka answered."""
    return answer.result(WAIT_SECONDS_MAX)


def until(holds: Callable[[], object], seconds: float = WAIT_SECONDS_MAX) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline_s, "it did not come to pass in time"
        time.sleep(0.02)
