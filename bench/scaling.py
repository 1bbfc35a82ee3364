"""`make scaling`: start, stop and restart risk workers while signals arrive at a constant rate.

Every signal must have exactly one decision; the longest gap between two decisions of a partition
is what a rebalance costs. The table is written to bench/scaling.md.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import orjson
from confluent_kafka import Message

from bench.pipeline import PARTITIONS, Load, read_all, running, settings_of
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

RATE = 100  # Signals a second, over all partitions.
STEADY_SECONDS = 15  # Before, between and after the changes.
PHASES = 6
SIGNALS = PHASES * STEADY_SECONDS * RATE
PAGE = Path(__file__).parent / "scaling.md"


class Phase(NamedTuple):
    name: str
    begin_ms: int


def main() -> None:
    """Scale out and in under load and publish the table."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "scaling")
        create_missing(settings)
        load = Load(settings)
        load.open_accounts()
        phases = _scale(settings, Path(folder), load)
        decisions = read_all(settings, "decisions", SIGNALS)
    text = _page(phases, decisions)
    PAGE.write_text(text)
    sys.stdout.write(text)


def _scale(settings: Settings, folder: Path, load: Load) -> list[Phase]:
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        stack.enter_context(running(settings, folder, "ingest", "broadcast"))
        stack.enter_context(running(settings, folder, "risk", instance="one"))
        load.run(rate=RATE, seconds=1)  # Returns once the first worker is up.
        sending: Future[list[float]] = threads.submit(
            load.run, rate=RATE, seconds=PHASES * STEADY_SECONDS - 1
        )
        phases = [_phase("one worker")]
        time.sleep(STEADY_SECONDS)
        phases.append(_phase("to two"))
        second = stack.enter_context(ExitStack())
        second.enter_context(running(settings, folder, "risk", instance="two"))
        time.sleep(STEADY_SECONDS)
        with running(settings, folder, "risk", instance="three"):
            phases.append(_phase("to three"))
            time.sleep(STEADY_SECONDS)
            phases.append(_phase("back to two"))
        time.sleep(STEADY_SECONDS)
        phases.append(_phase("the second restarts"))
        second.close()
        stack.enter_context(running(settings, folder, "risk", instance="two"))
        time.sleep(STEADY_SECONDS)
        phases.append(_phase("to four, two at once"))
        stack.enter_context(running(settings, folder, "risk", instance="four"))
        stack.enter_context(running(settings, folder, "risk", instance="five"))
        sending.result()
    return phases


def _phase(name: str) -> Phase:
    return Phase(name, int(time.time() * 1000))


def _page(phases: list[Phase], decisions: list[Message]) -> str:
    counts = Counter(orjson.loads(row.value() or b"{}").get("signal_id") for row in decisions)
    doubled = sum(count > 1 for name, count in counts.items() if name is not None)
    head = [
        "# Scaling under load",
        "",
        f"{SIGNALS:,} signals, {RATE} a second over {PARTITIONS} partitions, on one machine, while",
        "risk workers start and stop (each stops on SIGTERM). The machine's load was",
        f"{os.getloadavg()[0]:.1f}. Made by `make scaling`.",
        "",
        f"{len(counts.keys() - {None}):,} signals have a decision, {doubled} have more than one.",
        "",
        "The longest time between two decisions of a partition, in ms, in the phase where it ends:",
        "",
        "| phase | " + " | ".join(f"partition {number}" for number in range(PARTITIONS)) + " |",
        "|---" * (PARTITIONS + 1) + "|",
    ]
    ends_ms = [*(phase.begin_ms for phase in phases[1:]), sys.maxsize]
    steady = [row for row in decisions if row.timestamp()[1] >= phases[0].begin_ms]
    rows = [_row(phase, end_ms, steady) for phase, end_ms in zip(phases, ends_ms, strict=True)]
    return "\n".join([*head, *rows]) + "\n"


def _row(phase: Phase, end_ms: int, decisions: list[Message]) -> str:
    gaps = []
    for number in range(PARTITIONS):
        times = sorted(row.timestamp()[1] for row in decisions if row.partition() == number)
        # By its end: the last decision before a change is older than the beginning of the change.
        within = [b - a for a, b in pairwise(times) if phase.begin_ms <= b < end_ms]
        gaps.append(f"{max(within, default=0):,}")
    return f"| {phase.name} | " + " | ".join(gaps) + " |"


if __name__ == "__main__":
    main()
