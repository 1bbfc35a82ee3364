"""`make soak`: run a million events through one risk worker; its memory must stay flat.

The table is written to bench/soak.md.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.pipeline import running, settings_of
from bench.prefill import Prefill
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

PAIRS = 500_000  # Each is a signal and the status of its order.
SAMPLES = 10
PATIENCE_SECONDS = 1800
PAGE = Path(__file__).parent / "soak.md"


class Sample(NamedTuple):
    events: int  # Committed by the worker.
    resident_mib: float


def main() -> None:
    """Run the soak and publish its table."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "soak")
        create_missing(settings)
        written = Prefill(settings).write(PAIRS)
        with running(settings, Path(folder), "risk") as pid:
            samples = list(_samples(settings, pid, written))
    text = _page(samples)
    PAGE.write_text(text)
    sys.stdout.write(text)


def _samples(settings: Settings, pid: int, written: int) -> list[Sample]:
    """Return the worker's memory after each tenth of the events."""
    consumer = Consumer({**settings.connection(), "group.id": settings.group("risk")})
    samples: list[Sample] = []
    deadline_s = time.monotonic() + PATIENCE_SECONDS
    while len(samples) < SAMPLES:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"the worker got only as far as {samples}")
        time.sleep(0.5)
        events = _committed(consumer, settings)
        # Transaction markers also count as offsets, so the last sample is taken at the very end.
        if events >= written * (len(samples) + 1) // SAMPLES:
            samples.append(Sample(events, _resident_mib(pid)))
    consumer.close()
    return samples


def _committed(consumer: Consumer, settings: Settings) -> int:
    topic = settings.topic("events")
    partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
    try:
        found = consumer.committed(partitions, timeout=10)
    except KafkaException:  # A group has no coordinator before its first member.
        return 0
    return sum(max(partition.offset, 0) for partition in found)


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


def _page(samples: list[Sample]) -> str:
    rows = [f"| {sample.events:,} | {sample.resident_mib:.0f} |" for sample in samples]
    head = [
        "# Memory over a million events",
        "",
        "One risk worker, 100 accounts with 10 positions each, 4 partitions. Made by `make soak`.",
        "",
        "| events | resident memory, MiB |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    main()
