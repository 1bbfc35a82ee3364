"""riskgate as processes on a real broker, under a topic prefix of its own, and what a test does."""

import os
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import httpx
import orjson
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from msgspec import Struct

from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings, variable
from tests import given
from topics import codec
from topics.catalogue import INPUTS

PARTITIONS = 4
QUOTE = '"'
WAIT_SECONDS_MAX = 45.0
TOPIC_OF = {topic.message: topic for topic in INPUTS}

Row = dict[str, Any]
T = TypeVar("T")


class Record(NamedTuple):
    """A row with the time that its log gave it."""

    row: Row
    at_ms: int
    partition: int


class Worker:
    """One `riskgate run` process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @classmethod
    def start(cls, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Self:
        """Start a command that writes its log to a file."""
        with log.open("wb") as stream:
            return cls(subprocess.Popen(command, env=environment, stderr=stream), log)

    def log(self) -> str:
        """Return what it wrote on stderr."""
        return self._log.read_text(errors="replace")

    def get(self, path: str) -> httpx.Response:
        """Ask it over HTTP, at the port that its log names."""
        shown = until(lambda: self.log().partition("http://127.0.0.1:")[2], self.log)
        return httpx.get(f"http://127.0.0.1:{shown.partition(QUOTE)[0]}/{path}")

    def ready(self) -> Self:
        """Wait until it says that it is ready."""
        until(
            lambda: self.get("readyz").status_code == 200,
            lambda: self.log() + self.get("readyz").text,
        )
        return self

    def metric(self, line: str) -> float:
        """Return a metric's value; 0 when it is not shown."""
        found = (text for text in self.get("metrics").text.splitlines() if text.startswith(line))
        return float(next(found, "0").rpartition(" ")[2])

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.code()

    def code(self) -> int:
        """Return the exit code once it ended."""
        return self.process.wait(WAIT_SECONDS_MAX)


class World:
    """Topics made, nothing running yet; every process started here ends with it."""

    def __init__(self, brokers: str, folder: Path) -> None:
        name = uuid.uuid4().hex[:8]
        self.settings = Settings(
            brokers=brokers,
            topic_prefix=f"{name}.",
            group_prefix=name,
            partitions=PARTITIONS,
            session_timeout_ms=6000,
        )
        self._folder = folder
        self._workers: list[Worker] = []
        self._refused: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                # Else a broker that dies may get a signal twice: Kafka's client begins its
                # sequence anew when a later request reaches the next leader before an earlier one.
                "enable.idempotence": True,
                "max.in.flight.requests.per.connection": 1,
                "linger.ms": 1,
                # Otherwise it logs errors about the stopped broker after the run.
                "log_level": 0,
                "message.max.bytes": 20_000_000,
                "partitioner": "murmur2",
            }
        )

    def __enter__(self) -> Self:
        create_missing(self.settings)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def environment(self, instance: str) -> dict[str, str]:
        """Return the settings of a worker as its environment."""
        settings = self.settings
        return {
            "RISKGATE_BROKERS": settings.brokers,
            "RISKGATE_TOPIC_PREFIX": settings.topic_prefix,
            "RISKGATE_GROUP_PREFIX": settings.group_prefix,
            "RISKGATE_PARTITIONS": str(settings.partitions),
            "RISKGATE_SESSION_TIMEOUT_MS": str(settings.session_timeout_ms),
            "RISKGATE_INSTANCE": instance,
            "RISKGATE_STATE_DIR": str(self._folder / f"state-{instance}"),
            "RISKGATE_HTTP_PORT": "0",
            "RISKGATE_LOG_FORMAT": "json",
        }

    def run(self, *roles: str, instance: str = "one", **settings: int | str) -> Worker:
        """Start `riskgate run` with these roles, all three without a name."""
        return self.start("run", *roles, instance=instance, **settings)

    def start(self, *command: str, instance: str = "one", **settings: int | str) -> Worker:
        """Start a command of riskgate that serves until it is told to end."""
        return self.start_process(riskgate_command(*command), instance=instance, **settings)

    def start_process(
        self, command: Sequence[str], *, instance: str = "one", **settings: int | str
    ) -> Worker:
        """Start any command with the settings of a worker."""
        more = {variable(name): str(value) for name, value in settings.items()}
        log = self._folder / f"{len(self._workers)}-{instance}.log"
        environment = {**os.environ, **self.environment(instance), **more}
        self._workers.append(Worker.start(command, log, environment))
        return self._workers[-1]

    def send(self, *messages: Struct) -> None:
        """Write typed inputs; a time that is left out is now."""
        for message in messages:
            topic = TOPIC_OF[type(message)]
            stamped = given.stamped(message, int(time.time() * 1000))
            key = codec.key_of(topic, stamped).encode()
            self.send_bytes(topic.name, codec.encode(stamped), key=key)

    def send_bytes(
        self, topic: str, value: bytes | None, *, key: bytes, partition: int = -1
    ) -> None:
        """Write any bytes to any topic."""
        name = self.settings.topic(topic)
        self._producer.produce(
            name, value=value, key=key, partition=partition, on_delivery=self._note
        )
        self._producer.poll(0)

    def partition_of(self, account_id: str) -> int:
        """Return where an account's records are."""
        return partition_of(account_id, self.settings.partitions)

    def flush(self) -> None:
        """Wait until everything sent is in the log."""
        assert self._producer.flush(WAIT_SECONDS_MAX) == 0
        assert self._refused == []

    def _note(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._refused.append(error.str())

    def await_price(self) -> None:
        """Wait until ingest knows the price, by words on orders that nobody placed."""
        for sent in range(1, 200):
            self.send(given.order("accepted", signal_id="nobody", account_id="nobody"))
            if any("quote" in word for word in self._words_of_nobody(sent)):
                return
        raise AssertionError(self.logs())

    def _words_of_nobody(self, count: int) -> list[Row]:
        def words(rows: list[Row]) -> list[Row]:
            return [row for row in rows if row["body"].get("signal_id") == "nobody"]

        return words(self.read("events", lambda rows: len(words(rows)) >= count))

    def read(self, topic: str, enough: Callable[[list[Row]], bool]) -> list[Row]:
        """Return a topic's committed rows, in order in each partition, once they are enough."""
        rows: list[Row] = []

        def take(record: Record) -> bool:
            rows.append(record.row)
            return enough(rows)

        self.follow(topic, take)
        return rows

    def follow(self, topic: str, take: Callable[[Record], bool]) -> None:
        """Hand on a topic's committed records from its beginning, until one of them is enough."""

        def hand_on(message: Message) -> bool:
            row = orjson.loads(message.value() or b"{}")
            return take(Record(row, message.timestamp()[1], message.partition() or 0))

        self._consume(topic, hand_on)

    def counts(self, topic: str, enough: Callable[[Counter[int]], bool]) -> Counter[int]:
        """Return how many rows each partition has once they are enough."""
        counts: Counter[int] = Counter()

        def take(message: Message) -> bool:
            counts[message.partition() or 0] += 1
            return enough(counts)

        self._consume(topic, take)
        return counts

    def ends(self, topic: str) -> list[int]:
        """Return where the log of each partition ends."""
        with closing(self._reader(topic)) as consumer:
            places = [
                TopicPartition(self.settings.topic(topic), n)
                for n in range(self.settings.partitions)
            ]
            return [consumer.get_watermark_offsets(place, timeout=10)[1] for place in places]

    def configure(self, topic: str, name: str, value: str) -> None:
        """Change a topic's configuration."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(
            ResourceType.TOPIC, self.settings.topic(topic), incremental_configs=[entry]
        )
        admin = AdminClient(self.settings.connection())
        admin.incremental_alter_configs([resource])[resource].result()
        deadline_s = time.monotonic() + WAIT_SECONDS_MAX
        while admin.describe_configs([resource])[resource].result()[name].value != value:
            assert time.monotonic() < deadline_s, f"{topic} keeps its {name}"

    def delete(self, topic: str) -> None:
        """Delete a topic."""
        name = self.settings.topic(topic)
        admin = AdminClient(self.settings.connection())
        admin.delete_topics([name])[name].result()

    def _consume(self, topic: str, take: Callable[[Message], bool]) -> None:
        self.flush()
        seen = 0
        with closing(self._reader(topic)) as consumer:
            deadline_s = time.monotonic() + WAIT_SECONDS_MAX
            while True:
                message = consumer.poll(0.2)
                if message is not None and message.error() is None:
                    seen += 1
                    if take(message):
                        return
                assert time.monotonic() < deadline_s, f"{topic}: {seen} rows\n{self.logs()}"

    def logs(self) -> str:
        """Return the ends of what every process wrote."""
        return "\n".join(worker.log()[-3000:] for worker in self._workers)

    def _reader(self, topic: str) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.brokers,
                "group.id": "test",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )
        name = self.settings.topic(topic)
        # A topic that was made just now has no partitions for a moment.
        count = until(
            lambda: len(consumer.list_topics(name, timeout=10).topics[name].partitions), self.logs
        )
        consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in range(count)])
        return consumer


def until(look: Callable[[], T], explain: Callable[[], str]) -> T:
    """Return what `look` finds once it finds something; fail with the explanation after a while."""
    deadline_s = time.monotonic() + WAIT_SECONDS_MAX
    while not (found := look()):
        assert time.monotonic() < deadline_s, explain()
        time.sleep(0.02)
    return found
