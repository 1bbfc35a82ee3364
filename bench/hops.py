"""`make hops`: where each millisecond goes between a strategy's signal and its decision.

Three readers beside the roles note when a signal stands in `signals`, when its event stands in
`events`, and when its decision stands in `decisions`, all by this process's one clock, in the same
run. The difference of two neighbours is a hop: the log's own, ingest's, risk's. The readers take
CPU from the roles, so the sum is an upper bound of what `make bench` measures.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import orjson

from bench.page import publish
from bench.pipeline import PATIENCE_SECONDS, WARM_UP_SECONDS, Load, consumer_of, row, running
from bench.pipeline import settings_of as bench_settings
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
RATES = (50, 200, 1000)
SECONDS = 20
TOPICS = ("signals", "events", "decisions")
HOPS = (
    "strategy to `signals`",
    "ingest: `signals` to `events`",
    "risk: `events` to `decisions`",
    "whole way",
)
SHARES = (0.5, 0.99)


class Hop(NamedTuple):
    """The delays of one hop at one rate, in ms, sorted."""

    rate: int
    name: str
    late_ms: list[float]


class Reader(threading.Thread):
    """Notes when each signal first stands in a topic, by this process's monotonic clock."""

    def __init__(self, settings: Settings, topic: str) -> None:
        super().__init__(daemon=True)
        self._consumer = consumer_of(settings, topic)
        self._ended = threading.Event()
        self.seen_s: dict[str, float] = {}

    def run(self) -> None:
        """Read until it is ended."""
        while not self._ended.is_set():
            message = self._consumer.poll(0.05)
            if message is None or message.error() is not None:
                continue
            now_s = time.monotonic()
            signal_id = signal_of(message.value() or b"{}")
            if signal_id is not None:
                self.seen_s.setdefault(signal_id, now_s)
        self._consumer.close()

    def end(self) -> None:
        """Stop reading, and wait for it."""
        self._ended.set()
        self.join()


def signal_of(value: bytes) -> str | None:
    """Return the id of the signal that a record of signals, events or decisions is about."""
    record = orjson.loads(value)
    named = record.get("signal_id") or record.get("body", {}).get("signal_id")
    return None if named is None else str(named)


def main() -> None:
    """Measure and publish the table."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = bench_settings(kafka.bootstrap, "hops")
        create_missing(settings)
        load = Load(settings)
        load.open_accounts()
        with running(settings, Path(folder)):
            load.run(rate=RATES[0], seconds=WARM_UP_SECONDS)
            readers = [Reader(settings, topic) for topic in TOPICS]
            for reader in readers:
                reader.start()
            table = _table([hop for rate in RATES for hop in hops(load, readers, rate)])
            for reader in readers:
                reader.end()
    publish(PAGE, "hops", table)
    sys.stdout.write(table)


def hops(load: Load, readers: list[Reader], rate: int) -> Iterator[Hop]:
    """Send signals at an even rate, and yield the delays of each hop."""
    asked_s = asked(load, rate)
    wait_for(asked_s, readers[-1])
    times = [asked_s, *(reader.seen_s for reader in readers)]
    pairs = [*pairwise(times), (times[0], times[-1])]
    for name, (before, after) in zip(HOPS, pairs, strict=True):
        late_ms = sorted((after[signal] - before[signal]) * 1000 for signal in asked_s)
        yield Hop(rate, name, late_ms)


def asked(load: Load, rate: int) -> dict[str, float]:
    """Send signals at an even rate, and return when each was due."""
    start_s = time.monotonic() + 0.1
    due: dict[str, float] = {}
    for number in range(rate * SECONDS):
        due_s = start_s + number / rate
        time.sleep(max(0.0, due_s - time.monotonic()))
        due[load.ask()] = due_s
    return due


def wait_for(asked_s: dict[str, float], reader: Reader) -> None:
    """Wait until each signal has its decision."""
    give_up_s = time.monotonic() + PATIENCE_SECONDS
    while missing := asked_s.keys() - reader.seen_s.keys():
        if time.monotonic() > give_up_s:
            raise RuntimeError(f"{len(missing)} signals had no decision")
        time.sleep(0.1)


def _table(found: list[Hop]) -> str:
    lines = ["| signals/s | hop | p50 / p99 | load |", "|---|---|---|---|"]
    for hop in found:
        shares = [f"{hop.late_ms[int(len(hop.late_ms) * share)]:.1f}" for share in SHARES]
        measured = row(hop.name, " / ".join(shares))
        lines.append(
            f"| {hop.rate} | {measured.what} | {measured.result} ms | {measured.load:.1f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
