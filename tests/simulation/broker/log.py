"""A partition's log: records and control markers at their offsets, and what of it is stable.

As Kafka describes it: a marker of a transaction takes an offset; a `read_committed` reader sees
nothing from the first record of an open transaction on, and never what was aborted.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Entry", "Headers", "Log", "Refused", "Transaction"]

Headers = list[tuple[str, bytes]]
State = Literal["open", "committing", "committed", "aborting", "aborted"]


class Refused(Exception):  # noqa: N818 - It names what the broker did.
    """The broker's answer is an error."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction, by whoever is named in `transactional_id`."""

    transactional_id: str
    epoch: int
    began_s: float
    state: State = "open"
    places: set[tuple[str, int]] = field(default_factory=set)  # Without their marker.
    offsets: dict[str, dict[tuple[str, int], tuple[int, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Entry:
    """A record, or a marker that takes its place."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    timestamp_ms: int
    transaction: Transaction | None = None
    is_marker: bool = False

    @property
    def is_visible(self) -> bool:
        """Whether a reader of committed records gets it, below the last stable offset."""
        transaction = self.transaction
        is_committed = transaction is None or transaction.state in {"committing", "committed"}
        return not self.is_marker and is_committed


class Log:
    """One partition of a topic."""

    def __init__(self, topic: str, number: int) -> None:
        self.topic, self.number = topic, number
        self.entries: list[Entry] = []
        self.begin = 0
        self.end = 0
        self._open: dict[int, int] = {}  # First offset of each open transaction, by its id().

    @property
    def place(self) -> tuple[str, int]:
        """Return its topic and number."""
        return self.topic, self.number

    @property
    def stable_end(self) -> int:
        """Return the last stable offset."""
        return min(self._open.values(), default=self.end)

    def append(
        self,
        key: bytes | None,
        value: bytes | None,
        *,
        timestamp_ms: int,
        headers: Headers | None = None,
        transaction: Transaction | None = None,
    ) -> int:
        """Append a record and return its offset."""
        entry = Entry(self.end, key, value, headers, timestamp_ms, transaction)
        if transaction is not None:
            self._open.setdefault(id(transaction), self.end)
        self.entries.append(entry)
        self.end += 1
        return entry.offset

    def mark(self, transaction: Transaction, timestamp_ms: int) -> None:
        """Append the marker that ends a transaction here."""
        self.entries.append(Entry(self.end, None, None, None, timestamp_ms, None, is_marker=True))
        self.end += 1
        self._open.pop(id(transaction), None)

    def read(self, offset: int, *, committed: bool) -> Iterator[Entry]:
        """Yield what a reader gets from an offset on, markers included: they move its position."""
        end = self.stable_end if committed else self.end
        at = bisect_left(self.entries, offset, key=lambda entry: entry.offset)
        for index in range(at, len(self.entries)):
            entry = self.entries[index]
            if entry.offset >= end:
                return
            yield entry

    def compact(self) -> None:
        """Keep the newest record of each key, as the cleaner does below the last stable offset."""
        stable, newest = self.stable_end, {}
        for entry in self.entries:
            if entry.offset < stable and entry.is_visible:
                newest[entry.key] = entry.offset
        self.entries = [
            entry
            for entry in self.entries
            if entry.offset >= stable
            or (entry.is_visible and newest[entry.key] == entry.offset)
            or entry.offset == self.end - 1
        ]
