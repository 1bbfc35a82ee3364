"""Risk workers of one group, and what they spent once all that was written is committed."""

import time
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.peers.spent import resident_mib, spent_by
from bench.pipeline import environment_of
from bench.prefill import Prefill
from pipeline.local.processes import end_process, start_process
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings

__all__ = ["Spent", "Workers"]

STOP_SECONDS_MAX = 60.0
SESSION_MS = 45_000
IDLE_SECONDS_MAX = 300.0  # Without a commit; a busy machine is slow, not stuck.
LOOK_SECONDS = 0.25


class Spent(NamedTuple):
    """Microseconds of CPU so far, and resident memory now."""

    process_us: float
    resident_mib: float


class Workers:
    """So many risk workers on one disk each; `end` ends them in good order."""

    def __init__(self, settings: Settings, folder: Path, *, count: int = 1) -> None:
        self._settings = settings
        self._log = folder / f"{settings.group_prefix}.log"
        self._committed = Consumer({**settings.connection(), "group.id": settings.group("risk")})
        self._processes = [
            start_process(
                riskgate_command("run", "risk"),
                log=self._log,
                environment=environment_of(
                    settings,
                    instance=f"scale-{number}",
                    state_dir=folder / settings.group_prefix / f"{number}",
                    http_port=0,
                    log_level="warning",
                    session_timeout_ms=SESSION_MS,
                ),
            )
            for number in range(count)
        ]

    def each(self) -> list[Spent]:
        """Return what each of them spent since its start."""
        pids = [process.pid for process in self._processes]
        return [Spent(spent_by(pid, pid).process_us, resident_mib(pid)) for pid in pids]

    def spent(self) -> Spent:
        """Return what all of them spent since their start."""
        each = self.each()
        return Spent(sum(one.process_us for one in each), sum(one.resident_mib for one in each))

    def catch_up(self, feed: Prefill) -> None:
        """Wait until all that was written is committed. Raise RuntimeError when that stands still.

        Only the feed writes to the log, without transactions, so offsets count events.
        """
        reached, give_up_s = -1, 0.0
        while (done := self.committed()) < feed.written:
            if done > reached:
                reached, give_up_s = done, time.monotonic() + IDLE_SECONDS_MAX
            if time.monotonic() > give_up_s:
                log = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{done} of {feed.written} events are committed; log: {log}")
            time.sleep(LOOK_SECONDS)

    def committed(self) -> int:
        """Return how many events are committed, over all partitions."""
        topic, count = self._settings.topic("events"), self._settings.partitions
        partitions = [TopicPartition(topic, number) for number in range(count)]
        try:
            found = self._committed.committed(partitions, timeout=30)
        except KafkaException:  # A group has no coordinator before its first member.
            return 0
        return sum(max(partition.offset, 0) for partition in found)

    def end(self) -> None:
        """End them, and wait for that."""
        self._committed.close()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            end_process(process, seconds_max=STOP_SECONDS_MAX)
