"""Which offsets a child process reads of topics that are read whole: a batch may exhaust memory.

Apart from the readers because it knows files and offsets, not rows. Tables and `account_states` are
read from the past each time, so their readers meet the same unreadable batches again; a file beside
the state remembers them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from confluent_kafka import TopicPartition

from pipeline.streams.client_settings import ClientSetting
from pipeline.streams.engine.guarded import GuardedReader
from pipeline.streams.role_interface import Place, Unreadable

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
        windows: dict[Place, tuple[int, int]] = {}
        for start in starts:
            place = start.topic, start.partition
            end = self.end(place, ends[place])
            if 0 <= start.offset < end:  # Negative: no record is newer than the start time.
                windows[place] = start.offset, end
        return self.of_windows(windows, properties) if windows else None

    def end(self, place: Place, log_end: int) -> int:
        """Return the offset before which a child must read a partition; 0: it need not."""
        return log_end if self._is_unclean else min(log_end, self._known_end(place))

    def of_windows(
        self, windows: Mapping[Place, tuple[int, int]], properties: Mapping[str, ClientSetting]
    ) -> GuardedReader:
        """Return a reader of these offsets that uses a child."""
        return GuardedReader(self._command, properties, windows)

    def knows(self, batch: Unreadable) -> bool:
        """Whether an unreadable batch was remembered before."""
        return batch.next <= self._known_end((batch.topic, batch.partition))

    def remember(self, batch: Unreadable) -> None:
        """Remember where an unreadable batch is."""
        known = self._known()
        known.setdefault(batch.topic, {})[batch.partition] = batch.next
        with suppress(OSError):  # Then it may end the next process once.
            self._file.parent.mkdir(parents=True, exist_ok=True)
            written = self._file.with_suffix(".new")
            written.write_bytes(msgspec.json.encode(known))
            written.replace(self._file)

    def _known_end(self, place: Place) -> int:
        topic, partition = place
        return self._known().get(topic, {}).get(partition, 0)

    def _known(self) -> Known:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._file.read_bytes(), type=Known)
        return {}
