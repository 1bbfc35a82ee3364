"""Which offsets of the tables' topics a child process reads, since a batch may exhaust memory.

Apart from reader.py because it knows files and offsets, not rows. Tables start in the past each
time, so they meet the same unreadable batches again; a file beside the state remembers them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from confluent_kafka import TopicPartition

from pipeline.streams.engine.guarded import GuardedReader
from pipeline.streams.role_interface import ClientSetting, Place, Unreadable

__all__ = ["TableGuard"]

FILE = "tables-set-aside"
Known = dict[str, dict[int, int]]  # By topic and partition: the offset after the last bad batch.


class TableGuard:
    """Choose what a child reads: everything after an unclean end, else up to the known batches."""

    def __init__(self, command: Sequence[str], folder: Path, *, is_unclean: bool) -> None:
        self._command = command
        self._file = folder / FILE
        self._is_unclean = is_unclean

    def reader(
        self,
        starts: Sequence[TopicPartition],
        ends: Mapping[Place, int],
        properties: Mapping[str, ClientSetting],
    ) -> GuardedReader | None:
        """Return a reader that uses a child; None if no partition needs it."""
        known = self._known()
        windows: dict[Place, tuple[int, int]] = {}
        for start in starts:
            place = start.topic, start.partition
            end = ends[place]
            if not self._is_unclean:
                end = min(end, known.get(start.topic, {}).get(start.partition, 0))
            if 0 <= start.offset < end:  # Negative: no record is newer than the start time.
                windows[place] = start.offset, end
        return GuardedReader(self._command, properties, windows) if windows else None

    def remember(self, batch: Unreadable) -> None:
        """Remember where an unreadable batch is."""
        known = self._known()
        known.setdefault(batch.topic, {})[batch.partition] = batch.next
        with suppress(OSError):  # Then it may end the next process once.
            self._file.parent.mkdir(parents=True, exist_ok=True)
            written = self._file.with_suffix(".new")
            written.write_bytes(msgspec.json.encode(known))
            written.replace(self._file)

    def _known(self) -> Known:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._file.read_bytes(), type=Known)
        return {}
