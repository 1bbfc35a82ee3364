"""riskgate as processes on a real broker, under a topic prefix of its own, and what a test does."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from pipeline.streams.settings import Settings
from pipeline.streams.topic_admin import create_missing
from topics import codec

PARTITIONS = 4
READY_SECONDS_MAX = 40.0
ANSWER_SECONDS_MAX = 40.0

Row = dict[str, Any]
T = TypeVar("T")


class Worker:
    """One `riskgate run` process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def log(self) -> str:
        """Return what it wrote on stderr."""
        return self._log.read_text(errors="replace")

    def port(self) -> int:
        """Return where it serves health, once it does."""
        found = until(lambda: self.log().partition("http://127.0.0.1:")[2], self.log)
        return int("".join(c for c in found[:5] if c.isdigit()))

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(READY_SECONDS_MAX)

    def code(self) -> int:
        """Return the exit code of a process that ends by itself."""
        return self.process.wait(READY_SECONDS_MAX)


class World:
    """Topics made, nothing running yet; every process started here ends with it."""

    def __init__(self, brokers: str, folder: Path) -> None:
        name = uuid.uuid4().hex[:8]
        self.folder = folder
        self.environment = {
            "RISKGATE_BROKERS": brokers,
            "RISKGATE_TOPIC_PREFIX": f"{name}.",
            "RISKGATE_GROUP_PREFIX": name,
            "RISKGATE_PARTITIONS": str(PARTITIONS),
            "RISKGATE_SESSION_TIMEOUT_MS": "6000",
            "RISKGATE_HTTP_PORT": "0",
            "RISKGATE_LOG_FORMAT": "json",
        }
        self.settings = Settings(
            brokers=brokers,
            topic_prefix=f"{name}.",
            group_prefix=name,
            partitions=PARTITIONS,
            session_timeout_ms=6000,
        )
        self._workers: list[Worker] = []
        self._producer = Producer(
            {"bootstrap.servers": brokers, "partitioner": "murmur2", "linger.ms": 1}
        )

    def __enter__(self) -> Self:
        create_missing(self.settings)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def run(self, *roles: str, instance: str = "one") -> Worker:
        """Start `riskgate run` with these roles."""
        log = self.folder / f"{'-'.join(roles) or 'all'}-{instance}-{len(self._workers)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline", "run", *roles],
                env={**os.environ, **self.environment}
                | {
                    "RISKGATE_INSTANCE": instance,
                    "RISKGATE_STATE_DIR": str(self.folder / f"state-{instance}"),
                },
                stderr=stream,
            )
        worker = Worker(process, log)
        self._workers.append(worker)
        return worker

    def send(self, topic: str, value: bytes | object, *, key: str, partition: int = -1) -> None:
        """Write one message; a value that is no bytes is encoded as the contract says."""
        raw = value if isinstance(value, bytes) else orjson.dumps(value, default=codec.plain)
        name = self.settings.topic(topic)
        self._producer.produce(name, value=raw, key=key.encode(), partition=partition)
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until everything sent is in the log."""
        assert self._producer.flush(ANSWER_SECONDS_MAX) == 0

    def read(self, topic: str, enough: Callable[[list[Row]], bool]) -> list[Row]:
        """Return a topic's committed rows in order of partition once they are enough."""
        self.flush()
        rows: list[Row] = []
        with closing(self._reader(topic)) as consumer:

            def look() -> bool:
                for message in consumer.consume(1000, 0.2):
                    if message.error() is None and message.value() is not None:
                        rows.append(orjson.loads(message.value() or b""))
                return enough(rows)

            until(look, lambda: f"{topic}: {len(rows)} rows\n{self.logs()}")
        return rows

    def logs(self) -> str:
        """Return what every process wrote."""
        return "\n".join(worker.log()[-3000:] for worker in self._workers)

    def _reader(self, topic: str) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.brokers,
                "group.id": "test",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
            }
        )
        name = self.settings.topic(topic)
        count = len(consumer.list_topics(name, timeout=10).topics[name].partitions)
        consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in range(count)])
        return consumer


def until(look: Callable[[], T], explain: Callable[[], str]) -> T:
    """Return what `look` finds once it finds something; fail with the explanation after a while."""
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while not (found := look()):
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)
    return found
