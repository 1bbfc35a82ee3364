"""Throughput and latency on a real local broker, measured in one run with quixstreams alone."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench import market
from bench.market_sender import MarketSender
from bench.passthrough import null_passthrough
from bench.prefill import Prefill
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import riskgate_command, spawn_context
from pipeline.streams.settings import Settings, variable
from topics.limits import LimitsDocument

PARTITIONS = 4
APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
PASSED_MESSAGES = 100_000
PASSED_BYTES = 250
SIGNALS = 60_000
LATENCY_SECONDS = 20
WARM_UP_SECONDS = 5
PATIENCE_SECONDS = 120
RATES = (50, 200, 500, 1000)
SHARES = (0.5, 0.99, 0.999)


class Measured(NamedTuple):
    """One row of the table."""

    what: str
    result: str
    load: float  # The machine's load average over the last minute.


def measure() -> list[Measured]:
    """Measure everything on one broker."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "pass")
        rate = _passthrough(settings, Path(folder))
        rows = [row("quixstreams alone, exactly-once pass-through", rate)]
        settings = settings_of(kafka.bootstrap, "risk")
        rows.append(row("risk role, signals and order statuses", _risk(settings, Path(folder))))
        settings = settings_of(kafka.bootstrap, "whole")
        return rows + list(_latencies(settings, Path(folder)))


def row(what: str, result: str) -> Measured:
    """Return a row with the current load average."""
    return Measured(what, result, os.getloadavg()[0])


def settings_of(brokers: str, name: str) -> Settings:
    return Settings(
        brokers=brokers, topic_prefix=f"{name}.", group_prefix=name, partitions=PARTITIONS
    )


def _passthrough(settings: Settings, folder: Path) -> str:
    names = [settings.topic(name) for name in ("from", "to")]
    admin = AdminClient({**settings.connection()})
    # quixstreams copies the source's timestamp; append time says when the copy was written.
    topics = [NewTopic(n, PARTITIONS, 1, config=APPEND_TIME) for n in names]
    for made in admin.create_topics(topics).values():
        made.result()
    producer = Producer({**settings.connection(), "linger.ms": 20})
    for number in range(PASSED_MESSAGES):
        producer.produce(names[0], value=b"x" * PASSED_BYTES, key=str(number).encode())
        if number % 10_000 == 0:
            producer.flush()
    producer.flush()
    process = spawn_context().Process(
        target=_pass, args=(settings.brokers, names, folder), daemon=True
    )
    process.start()
    rate = _rate(settings, "to", PASSED_MESSAGES)
    process.terminate()
    process.join()
    return f"{rate:,.0f} messages/s"


def _pass(brokers: str, names: list[str], folder: Path) -> None:
    source, target = names
    null_passthrough(brokers, group="bench-pass", source=source, target=target, folder=folder).run()


def _risk(settings: Settings, folder: Path) -> str:
    create_missing(settings)
    written = Prefill(settings).write(SIGNALS)
    with running(settings, folder, "risk"):
        signals_rate = _rate(settings, "decisions", SIGNALS)
    return f"{signals_rate * written / SIGNALS:,.0f} events/s"


def _rate(settings: Settings, topic: str, count: int) -> float:
    """Return messages per second between the first and the last, by their timestamps."""
    times: list[int] = [message.timestamp()[1] for message in read_all(settings, topic, count)]
    return 1000 * (len(times) - 1) / (max(times) - min(times))


def read_all(settings: Settings, topic: str, count: int) -> list[Message]:
    consumer = consumer_of(settings, topic)
    messages: list[Message] = []
    deadline_s = time.monotonic() + PATIENCE_SECONDS
    while len(messages) < count and time.monotonic() < deadline_s:
        # Poll rarely, so that the reader itself is not measured.
        time.sleep(0.5)
        messages += [m for m in consumer.consume(count, 0.5) if m.error() is None]
    consumer.close()
    if len(messages) < count:
        raise RuntimeError(f"only {len(messages)} of {count} messages came out of {topic}")
    return messages


def consumer_of(settings: Settings, topic: str, *, isolation: str = "read_committed") -> Consumer:
    """Return a consumer of a topic, from its beginning."""
    consumer = Consumer(
        {
            **settings.connection(),
            "group.id": "bench",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
            "fetch.queue.backoff.ms": 1,
            "log_level": 2,
        }
    )
    name = settings.topic(topic)
    consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
    return consumer


@contextmanager
def running(
    settings: Settings, folder: Path, *roles: str, instance: str = "bench"
) -> Iterator[int]:
    """Run each role as a process; yield the process id of the first."""
    process = start(settings, folder, *roles, instance=instance)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def start(
    settings: Settings,
    folder: Path,
    *roles: str,
    instance: str,
    log: BinaryIO | None = None,
    **changes: object,
) -> subprocess.Popen[bytes]:
    """Start roles as one process. log: of stderr. changes: other settings, by their names."""
    chosen = {
        "instance": instance,
        "state_dir": folder / settings.group_prefix / instance,
        "http_port": 0,
        "log_level": "warning",
        **changes,
    }
    environment = environment_of(settings, **chosen)
    return subprocess.Popen(riskgate_command("run", *roles), env=environment, stderr=log)


def environment_of(settings: Settings, **more: object) -> dict[str, str]:
    """Return the environment in which a command finds the topics of a bench. more: settings."""
    chosen = {
        "brokers": settings.brokers,
        "topic_prefix": settings.topic_prefix,
        "group_prefix": settings.group_prefix,
        "partitions": PARTITIONS,
        **more,
    }
    return {**os.environ, **{variable(name): str(value) for name, value in chosen.items()}}


def _latencies(settings: Settings, folder: Path) -> Iterator[Measured]:
    create_missing(settings)
    load = Load(settings)
    load.open_accounts()
    with running(settings, folder):
        load.run(rate=50, seconds=WARM_UP_SECONDS)
        for rate in RATES:
            late_ms = sorted(load.run(rate=rate, seconds=LATENCY_SECONDS))
            result = " / ".join(f"{late_ms[int(len(late_ms) * share)]:.1f}" for share in SHARES)
            yield row(f"signal to decision at {rate}/s, p50 / p99 / p99.9", f"{result} ms")


class Load:
    """Signals at a constant rate, each timed from when it was due, so no stall is hidden."""

    def __init__(self, settings: Settings) -> None:
        self.sent = 0
        self.market = MarketSender(settings)
        self._consumer = consumer_of(settings, "decisions")
        self._prices_due_s = 0.0

    def open_accounts(self, limits: LimitsDocument | None = None) -> None:
        """Open all accounts with positions."""
        self.market.open_accounts(positions=True, limits=limits)

    def run(self, *, rate: int, seconds: int) -> list[float]:
        """Return each signal's latency in ms, from when it was due to its decision."""
        intended_s: dict[str, float] = {}
        late_ms: list[float] = []
        start_s = time.monotonic() + 0.1
        for number in range(rate * seconds):
            due_s = start_s + number / rate
            while time.monotonic() < due_s:
                self._receive(intended_s, late_ms)
            intended_s[self.ask()] = due_s
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while intended_s and time.monotonic() < give_up_s:
            self._receive(intended_s, late_ms)
        if intended_s:
            raise RuntimeError(f"{len(intended_s)} signals had no decision")
        return late_ms

    def ask(self) -> str:
        """Send the next signal and return its id."""
        signal = market.signal(self.sent)
        self.sent += 1
        self.market.send("signals", signal.account_id, signal)
        if time.monotonic() >= self._prices_due_s:
            self._prices_due_s = time.monotonic() + 1
            self.market.send_prices()
        return signal.signal_id

    def _receive(self, intended_s: dict[str, float], late_ms: list[float]) -> None:
        message = self._consumer.poll(0.001)
        if message is None or message.error() is not None:
            return
        now_s = time.monotonic()
        decision = orjson.loads(message.value() or b"")
        due_s = intended_s.pop(decision.get("signal_id"), None)
        if due_s is not None:
            late_ms.append((now_s - due_s) * 1000)
