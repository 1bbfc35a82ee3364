"""What an event costs when several workers share the partitions of one log."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.peers.rules import usual_limits
from bench.pipeline import settings_of
from bench.prefill import Prefill
from bench.scale.accounts import event_cost
from bench.scale.worker import Workers
from pipeline.streams.admin.topic_admin import create_missing

__all__ = ["Shared", "measure_sharing", "sharing_table"]

WARM_UP_SIGNALS = 2000


class Shared(NamedTuple):
    """So many workers on four partitions."""

    workers: int
    event_us: float  # CPU of all processes.
    shares: tuple[float, ...]  # Of the CPU, of each worker; the highest first.
    resident_mib: float  # Of one worker, on average.


def measure_sharing(
    brokers: str, folder: Path, counts: Sequence[int], *, signals: int
) -> Iterator[Shared]:
    """Let so many workers decide the same number of signals."""
    for count in counts:
        settings = settings_of(brokers, f"workers-{count}")
        create_missing(settings)
        feed = Prefill(settings, limits=usual_limits())
        workers = Workers(settings, folder, count=count)
        try:
            feed.open_accounts()
            feed.ask(WARM_UP_SIGNALS)  # All have their partitions by then.
            workers.catch_up(feed)
            yield _measure(workers, feed, signals)
        finally:
            workers.end()


def _measure(workers: Workers, feed: Prefill, signals: int) -> Shared:
    before = [each.process_us for each in workers.each()]
    event_us = event_cost(workers, feed, signals)
    after = workers.each()
    spent = [now.process_us - then for now, then in zip(after, before, strict=True)]
    shares = sorted((each / sum(spent) for each in spent), reverse=True)
    resident = sum(each.resident_mib for each in after) / len(after)
    return Shared(len(after), event_us, tuple(shares), resident)


def sharing_table(found: Sequence[Shared]) -> Iterator[str]:
    """Return the lines of the table."""
    yield "| workers | us of CPU per event, all together | share of each | memory of one, MiB |"
    yield "|---|---|---|---|"
    for row in found:
        shares = " / ".join(f"{share:.0%}" for share in row.shares)
        yield f"| {row.workers} | {row.event_us:.1f} | {shares} | {row.resident_mib:.0f} |"
