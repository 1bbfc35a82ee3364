"""What an event costs with more accounts, and how long a worker needs to be ready again.

Accounts take turns, so beyond those that a worker keeps in memory each signal finds its account on
the disk: the worst case.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.peers.rules import usual_limits
from bench.pipeline import settings_of
from bench.prefill import Prefill
from bench.scale.worker import Workers
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

__all__ = ["Accounts", "accounts_table", "measure_accounts"]

SIGNALS_MAX = 20_000  # Of one count of accounts; each with the status of its order.


class Accounts(NamedTuple):
    """What so many accounts cost."""

    accounts: int
    event_us: float  # CPU of the process.
    resident_mib: float
    disk_mib: float
    warm_seconds: float  # From a start with the state on disk to the first commit.
    cold_seconds: float  # The same with an empty disk.
    cold_us: float  # CPU of that, per account.


class Restart(NamedTuple):
    seconds: float
    process_us: float


def measure_accounts(brokers: str, folder: Path, counts: Sequence[int]) -> Iterator[Accounts]:
    """Open so many accounts with one position each, ask, and start a worker again."""
    for count in counts:
        settings = settings_of(brokers, f"scale-{count}")
        create_missing(settings)
        names = [f"acct-{number:07d}" for number in range(count)]
        feed = Prefill(settings, accounts=names, limits=usual_limits())
        yield _measure(settings, folder, feed)
        shutil.rmtree(folder / settings.group_prefix)


def _measure(settings: Settings, folder: Path, feed: Prefill) -> Accounts:
    state, count = folder / settings.group_prefix, len(feed.accounts)
    workers = Workers(settings, folder)
    try:
        feed.open_accounts(positions=1)
        workers.catch_up(feed)
        event_us = event_cost(workers, feed, min(SIGNALS_MAX, count * 10))
        resident = workers.spent().resident_mib
    finally:
        workers.end()
    disk = disk_mib(state)
    warm = _restart(settings, folder, feed)
    shutil.rmtree(state)
    cold = _restart(settings, folder, feed)
    return Accounts(
        count, event_us, resident, disk, warm.seconds, cold.seconds, cold.process_us / count
    )


def event_cost(workers: Workers, feed: Prefill, signals: int) -> float:
    """Return microseconds of CPU per event, the last checkpoint with them."""
    before, began = feed.written, workers.spent()
    feed.ask(signals)
    workers.catch_up(feed)
    return (workers.spent().process_us - began.process_us) / (feed.written - before)


def disk_mib(folder: Path) -> float:
    """Return how much the files of a folder take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20


def _restart(settings: Settings, folder: Path, feed: Prefill) -> Restart:
    """Start a worker again; it is ready when it has committed what waits for it."""
    feed.ask(1)
    began_s = time.monotonic()
    workers = Workers(settings, folder)
    try:
        workers.catch_up(feed)
        return Restart(time.monotonic() - began_s, workers.spent().process_us)
    finally:
        workers.end()


def accounts_table(found: Sequence[Accounts]) -> Iterator[str]:
    """Return the lines of the table."""
    yield (
        "| accounts | us of CPU per event | memory, MiB | disk, MiB | start to first checkpoint, "
        "s: disk kept | disk empty | accounts restored per second of the latter "
        "| us of CPU per account restored |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for row in found:
        yield (
            f"| {row.accounts:,} | {row.event_us:.1f} "
            f"| {row.resident_mib:.0f} | {row.disk_mib:.0f} "
            f"| {row.warm_seconds:.1f} | {row.cold_seconds:.1f} "
            f"| {row.accounts / row.cold_seconds:,.0f} | {row.cold_us:.0f} |"
        )
