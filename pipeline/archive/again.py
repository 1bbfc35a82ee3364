"""Decide archived days again, and compare with the archived outputs byte for byte."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from pipeline.archive.lines import Archived, read_lines
from pipeline.archive.manifest import Manifest, days_of, file_name, read_manifest
from pipeline.errors import NothingFoundError, StartupError
from pipeline.replay.comparison import PartitionComparison, Span, Taken, taken_of
from pipeline.replay.counts import Counts
from pipeline.replay.memory import MemoryStore
from pipeline.replay.recorded import ANY_EVENT
from pipeline.replay.starts import find_start
from pipeline.rules_version import rules_version
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from topics.codec import DecodeError, decode_as
from topics.events import Event
from topics.fields import EVERYONE
from topics.origins import origin_of
from topics.snapshots import Snapshot

__all__ = ["decide_again"]

TAPES = ("decisions", "emergency_stops", "alerts")


def decide_again(folder: Path, day: str | None = None) -> Counts:
    """Decide all days again, or one that begins at the snapshots of the day before it.

    Raise NothingFoundError when no event could be decided: that proves nothing.
    """
    manifests = [read_manifest(folder, name) for name in _days(folder, day)]
    counts = Counts()
    for number in range(manifests[0].partitions):
        _compare(_Partition(folder, manifests, number), counts)
    if not counts.events:
        raise NothingFoundError("The archive holds no event that can be decided")
    return counts


def _days(folder: Path, day: str | None) -> list[str]:
    known = days_of(folder)
    if not known:
        raise StartupError(f"{folder} holds no day; write it with: riskgate archive {folder}")
    if day is None:
        return known
    if day not in known:
        raise StartupError(f"{folder} holds no {day}; it holds {known[0]} to {known[-1]}")
    at = known.index(day)
    return known[max(0, at - 1) : at + 1]


class _Partition:
    """The files of one partition, day after day."""

    def __init__(self, folder: Path, manifests: list[Manifest], number: int) -> None:
        self.number = number
        self.partitions = manifests[0].partitions
        self._folders = [folder / each.day for each in manifests]
        begins = {topic: manifests[0].entry(topic, number).begin for topic in ("events", *TAPES)}
        self.begins = begins
        self.events = Span(
            "events", number, begins["events"], manifests[-1].entry("events", number).end
        )

    def read(self, topic: str) -> Iterator[Archived]:
        """Yield the records of a topic."""
        names = (each / file_name(topic, self.number) for each in self._folders)
        return chain.from_iterable(map(read_lines, names))

    def snapshots(self) -> Iterable[Snapshot]:
        """Yield all snapshots."""
        return (decode_as(Snapshot, each.value) for each in self.read("snapshots"))


class _Tape:
    """Archived outputs of one topic."""

    def __init__(self, files: _Partition, topic: str) -> None:
        self.topic = topic
        self.whole = files.begins[topic] == 0
        self._records = files.read(topic)
        self._head: Taken | None = None

    def head(self) -> Taken | None:
        """Return the current output, None at the end."""
        if self._head is None:
            record = next(self._records, None)
            self._head = None if record is None else taken_of(record.offset, record.value)
        return self._head

    def advance(self) -> None:
        """Go to the next output."""
        self._head = None


def _compare(files: _Partition, counts: Counts) -> None:
    store = MemoryStore()
    start = find_start(files.snapshots, files.events, store=store, continues=_continues(files))
    accounts = PartitionAccounts(
        store, partition=files.number, rules_version=rules_version(), kept_max=sys.maxsize
    )
    tapes = [_Tape(files, topic) for topic in TAPES]
    comparison = PartitionComparison(accounts, [*tapes], partition=files.number, counts=counts)
    if start is not None:
        comparison.start(start.sequences, others=start.others)
    clock_ms = 0
    for record in files.read("events"):
        event = _event(record, files)
        if event is None:
            continue
        clock_ms = max(clock_ms, record.timestamp_ms)
        if start is not None and not start.is_after(event.account_id, record.offset):
            comparison.skipped += 1
        else:
            comparison.apply(event, record.value, record.timestamp_ms)
    comparison.finish()
    counts.skipped += comparison.skipped


def _continues(files: _Partition) -> bool:
    """Return whether the accounts were in another log before."""
    first = next(files.read("events"), None)
    return first is not None and origin_of(first.value) is not None


def _event(record: Archived, files: _Partition) -> Event | None:
    """Return the event of a record; None when risk wrote a dead letter for it."""
    try:
        event = decode_as(ANY_EVENT, record.value)
    except DecodeError:
        return None
    name = event.account_id
    is_here = name == EVERYONE or partition_of(name, files.partitions) == files.number
    return event if is_here else None
