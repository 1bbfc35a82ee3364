"""What an event costs, and how much memory and disk a worker takes, as the history grows.

A hundred accounts of ten positions: so each of them has a history of its own of a hundredth.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.peers.rules import usual_limits
from bench.pipeline import settings_of
from bench.prefill import Prefill
from bench.scale.accounts import disk_mib, event_cost
from bench.scale.worker import Workers
from pipeline.streams.admin.topic_admin import create_missing

__all__ = ["Stretch", "history_table", "measure_history"]

STRETCHES = 10


class Stretch(NamedTuple):
    """A tenth of the history."""

    events: int  # Up to its end.
    event_us: float  # CPU of the process, of an event of this tenth.
    resident_mib: float
    disk_mib: float


def measure_history(brokers: str, folder: Path, events: int) -> Iterator[Stretch]:
    """Let one worker decide so many events, and yield each tenth."""
    settings = settings_of(brokers, f"history-{events}")
    create_missing(settings)
    feed = Prefill(settings, limits=usual_limits())
    workers = Workers(settings, folder)
    try:
        feed.open_accounts()
        workers.catch_up(feed)
        for _ in range(STRETCHES):
            event_us = event_cost(workers, feed, events // 2 // STRETCHES)
            resident = workers.spent().resident_mib
            disk = disk_mib(folder / settings.group_prefix)
            yield Stretch(feed.written, event_us, resident, disk)
    finally:
        workers.end()


def history_table(found: Sequence[Stretch]) -> Iterator[str]:
    """Return the lines of the table."""
    yield "| events so far | us of CPU per event, of the last tenth | memory, MiB | disk, MiB |"
    yield "|---|---|---|---|"
    for row in found:
        yield (
            f"| {row.events:,} | {row.event_us:.1f} | {row.resident_mib:.0f} | {row.disk_mib:.0f} |"
        )
    yield ""
    first, last = found[0].event_us, found[-1].event_us
    yield f"An event of the last tenth costs {last / first:.2f} of one of the first."
