"""A role that counts, and an observer that remembers."""

import time
from collections.abc import Iterator

import msgspec

from pipeline.streams.role_interface import (
    NOTHING,
    Observer,
    Partition,
    Produce,
    Published,
    Record,
    Store,
    Unreadable,
)


class Count(msgspec.Struct, frozen=True):
    """What a counting worker writes for each record."""

    n: int  # Records of this key so far, by the worker's state.
    offset: int  # Of the record.


class Counter:
    """A role that counts the records of each key, in the store if it has one."""

    def __init__(
        self, produce: Produce, target: str, *, seconds: float = 0.0, saving_seconds: float = 0.0
    ) -> None:
        self.produce = produce
        self.target = target
        self.seconds = seconds  # That each record takes.
        self.saving_seconds = saving_seconds  # That a checkpoint takes for each key.
        self.applied: list[Record] = []
        self.unreadable: list[Unreadable] = []
        self.partitions: list[Partition] = []
        self.stores: dict[int, Store] = {}
        self.counts: dict[tuple[int, bytes], int] = {}
        self.published: set[bytes] = set()

    def assign(
        self, partition: Partition, store: Store | None, published: Published = NOTHING
    ) -> None:
        """Begin with a partition; what is there already is not sent again."""
        self.published.update(output.value or b"" for output in published.outputs)
        self.partitions.append(partition)
        if store is not None:
            self.stores[partition.partition] = store

    def revoke(self, partition: Partition) -> None:
        """Forget a partition."""
        self.stores.pop(partition.partition, None)
        self.counts.clear()

    def apply(self, record: Record) -> None:
        """Count a record and say so."""
        time.sleep(self.seconds)
        key = record.key or b""
        place = record.partition, key
        if place not in self.counts and record.partition in self.stores:
            self.counts[place] = int(self.stores[record.partition].get(key) or 0)
        self.counts[place] = self.counts.get(place, 0) + 1
        count = msgspec.json.encode(Count(self.counts[place], record.offset))
        if count not in self.published:
            self.produce(self.target, key=key, value=count, partition=record.partition)
        self.applied.append(record)

    def step_over(self, batch: Unreadable) -> None:
        """Note a batch that cannot be unpacked."""
        self.unreadable.append(batch)

    def publish(self) -> None:
        """Nothing waits for its time."""

    def checkpoint(self) -> Iterator[None]:
        """Save the counts as of the barrier."""
        counts = self.counts.copy()
        yield
        for (partition, key), count in counts.items():
            if partition in self.stores:
                self.stores[partition].save(key, b"%d" % count)
                time.sleep(self.saving_seconds)
                yield


class Tally(Observer):
    """What the engine told its observer."""

    def __init__(self) -> None:
        self.commits: list[int] = []
        self.committed_s: list[float] = []
        self.dropped_records = 0
        self.overwritten_partitions = 0
        self.rebalances = 0
        self.recoveries: list[float] = []

    def committed(self, seconds: float, records: int) -> None:
        """Keep it."""
        self.commits.append(records)
        self.committed_s.append(time.monotonic())

    def dropped(self, records: int) -> None:
        """Keep it."""
        self.dropped_records += records

    def overwritten(self, partitions: int) -> None:
        """Keep it."""
        self.overwritten_partitions += partitions

    def rebalanced(self) -> None:
        """Keep it."""
        self.rebalances += 1

    def recovered(self, seconds: float) -> None:
        """Keep it."""
        self.recoveries.append(seconds)
