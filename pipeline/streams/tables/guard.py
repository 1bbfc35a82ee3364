"""What a child is to read of the tables' topics, as a batch there may end this process.

Apart from reader.py because it is about files and windows, not about rows. Tables begin in the
past at each start, so batches that were set aside are met again: they are kept beside the state.
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
Known = dict[str, dict[int, int]]  # By topic and partition: the offset behind the last.


class TableGuard:
    """Know which windows are read by a child: all after an unclean end, else the known ones."""

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
        """Return what reads by a child where that is needed; None where nothing is."""
        known = self._known()
        windows: dict[Place, tuple[int, int]] = {}
        for start in starts:
            place = start.topic, start.partition
            end = ends[place]
            if not self._is_unclean:
                end = min(end, known.get(start.topic, {}).get(start.partition, 0))
            if 0 <= start.offset < end:  # Negative: nothing newer than the time asked for.
                windows[place] = start.offset, end
        return GuardedReader(self._command, properties, windows) if windows else None

    def note(self, batch: Unreadable) -> None:
        """Keep in mind where a batch was set aside."""
        known = self._known()
        known.setdefault(batch.topic, {})[batch.partition] = batch.next
        with suppress(OSError):  # Then it ends the next life once.
            self._file.parent.mkdir(parents=True, exist_ok=True)
            written = self._file.with_suffix(".new")
            written.write_bytes(msgspec.json.encode(known))
            written.replace(self._file)

    def _known(self) -> Known:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._file.read_bytes(), type=Known)
        return {}
