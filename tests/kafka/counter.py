"""A role that counts, and an observer that remembers."""

import time

import msgspec

from pipeline.streams.role_interface import Observer, Partition, Produce, Record, Store, Unreadable


class Count(msgspec.Struct, frozen=True):
    """What a counting worker writes for each record."""

    n: int  # Records of this key so far, by the worker's state.
    offset: int  # Of the record.


class Counter:
    """A role that counts the records of each key, in the store if it has one."""

    def __init__(self, produce: Produce, target: str, *, seconds: float = 0.0) -> None:
        self.produce = produce
        self.target = target
        self.seconds = seconds  # That each record takes.
        self.applied: list[Record] = []
        self.unreadable: list[Unreadable] = []
        self.partitions: list[Partition] = []
        self.stores: dict[int, Store] = {}
        self.counts: dict[tuple[int, bytes], int] = {}

    def assign(self, partition: Partition, store: Store | None) -> None:
        """Begin with a partition."""
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
        self.produce(self.target, key=key, value=count)
        self.applied.append(record)

    def step_over(self, batch: Unreadable) -> None:
        """Note a batch that cannot be unpacked."""
        self.unreadable.append(batch)

    def prepare(self) -> None:
        """Write the counts."""
        for (partition, key), count in self.counts.items():
            if partition in self.stores:
                self.stores[partition].set(key, b"%d" % count)


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
