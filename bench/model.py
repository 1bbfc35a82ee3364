"""`make bench-model`: what a deployment needs with up to a thousand partitions, from what was
measured.

Arithmetic alone: it takes the CPU of an event from the table of `make bench-peers`, the memory of a
worker from that of `make soak`, and the topics from their plan.
"""

import re
import sys
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import NamedTuple

from bench.page import publish
from topics.catalogue import TOPICS

__all__ = ["Inputs", "lines"]

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
SOAK = Path(__file__).parent / "soak.md"
PARTITIONS = (24, 200, 1000)
ACCOUNTS = 10_000  # Of each partition.
OWN_PER_SECOND = 0.05  # Signals, orders and fills of an account: three a minute.
REVALUATIONS_PER_SECOND = 0.2  # Of an account, at most; a held price moves every five seconds.
REVALUATIONS_MAX = 2000  # Of a partition: the default of revaluation_budget.
CPU_SHARE = 0.5  # Of a core: the rest is for bursts, and for the partitions of a worker that died.
REPLICAS = 3
REPLICAS_OF_BROKER = 4000
LOGS = len(TOPICS) + 1  # Topics, each with so many partitions, and risk's changelog.


class Inputs(NamedTuple):
    """What was measured."""

    event_us: float  # CPU of a worker.
    worker_mib: float


def lines(inputs: Inputs) -> Iterator[str]:
    """Return the inputs, and a row for each number of partitions."""
    yield f"From {inputs.event_us:g} us of CPU per event and {inputs.worker_mib:g} MiB of a worker:"
    yield ""
    yield (
        "| partitions | accounts | events/s | workers of a core | partitions of each | memory of "
        "all, GiB | logs in Kafka | brokers | accounts at most, a worker for each partition |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for partitions in PARTITIONS:
        events = partitions * events_of(ACCOUNTS)
        workers = min(partitions, ceil(events * inputs.event_us / 1e6 / CPU_SHARE))
        logs = partitions * LOGS * REPLICAS
        yield (
            f"| {partitions:,} | {partitions * ACCOUNTS:,} | {events:,.0f} | {workers:,} "
            f"| {partitions / workers:.1f} | {workers * inputs.worker_mib / 1024:.1f} | {logs:,} "
            f"| {max(REPLICAS, ceil(logs / REPLICAS_OF_BROKER))} "
            f"| {partitions * accounts_max(inputs):,} |"
        )


def events_of(accounts: int) -> float:
    """Return the events per second of a partition with so many accounts."""
    revaluations = min(REVALUATIONS_MAX, accounts * REVALUATIONS_PER_SECOND)
    return accounts * OWN_PER_SECOND + revaluations


def accounts_max(inputs: Inputs) -> int:
    """Return how many accounts a worker carries that has one partition, in whole thousands."""
    events = 1e6 * CPU_SHARE / inputs.event_us
    within = events / (OWN_PER_SECOND + REVALUATIONS_PER_SECOND)
    beyond = (events - REVALUATIONS_MAX) / OWN_PER_SECOND  # The budget of revaluations is spent.
    return int(max(within, beyond) // 1000 * 1000)


def measured() -> Inputs:
    """Read what was measured. Raise SystemExit when a table is missing."""
    row = re.search(r"\| riskgate, compiled core \|(?:[^|]*\|){2} ([\d.]+) ", PAGE.read_text())
    soak = re.findall(r"\| [\d,]+ \| (\d+) \|", SOAK.read_text())
    if row is None or not soak:
        raise SystemExit("the tables of make bench-peers and make soak are needed first")
    return Inputs(float(row[1]), float(soak[-1]))


def main() -> None:
    """Print and publish."""
    table = "\n".join(lines(measured())) + "\n"
    sys.stdout.write(table)
    publish(PAGE, "model", table)


if __name__ == "__main__":
    main()
