"""Partitions of `account_states` that a child reads first, as a batch may exhaust memory.

Apart from owned_states.py because it knows windows of offsets, not the consumer group. Partitions
come and go while a child reads, so what is left is handed to a new child after each change.
"""

from collections.abc import Collection, Mapping

from pipeline.streams.client_settings import ClientSetting
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.role_interface import Place, Unreadable
from pipeline.streams.tables.guard import TableGuard

__all__ = ["GuardedStates"]

Windows = dict[Place, tuple[int, int]]


class GuardedStates:
    """Read windows of partitions; `take_read` says which of them are finished, and where."""

    def __init__(self, guard: TableGuard, properties: Mapping[str, ClientSetting]) -> None:
        self._guard = guard
        self._properties = {**properties, "isolation.level": "read_committed"}
        self._reader: GuardedReader | None = None
        self._windows: Windows = {}  # That a next reader is to begin with.
        self._read: dict[Place, int] = {}

    def end(self, place: Place, log_end: int) -> int:
        """Return the offset before which a child must read a partition; 0: it need not."""
        return self._guard.end(place, log_end)

    def reads(self, place: Place) -> bool:
        """Whether a partition is still to be read here."""
        reader = self._reader
        return place in self._windows or (reader is not None and place in reader.windows)

    def add(self, windows: Windows) -> None:
        """Read these as well."""
        if windows:
            self._stop()
            self._windows |= windows

    def drop(self, places: Collection[Place]) -> None:
        """Read nothing more of these partitions."""
        self._stop()
        for place in places:
            self._windows.pop(place, None)
            self._read.pop(place, None)

    def read(self) -> list[Passed | Unreadable]:
        """Return what came meanwhile, in order. Raise Stopped when the child is of no use."""
        if self._reader is None:
            if not self._windows:
                return []
            self._reader = self._guard.of_windows(self._windows, self._properties)
            self._windows = {}
        before = self._reader.windows
        found = self._reader.read(0.0)
        for place in before.keys() - self._reader.windows.keys():
            self._read[place] = self._reader.positions[place]
        if self._reader.done:
            self._stop()
        return found

    def take_read(self) -> dict[Place, int]:
        """Return the next offset of each partition that was read since the last call."""
        read, self._read = self._read, {}
        return read

    def close(self) -> None:
        """End the child."""
        self._stop()

    def _stop(self) -> None:
        if self._reader is not None:
            self._windows |= self._reader.windows
            self._reader.close()
            self._reader = None
