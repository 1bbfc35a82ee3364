"""State on a disk that was away for so long that its changelog may have forgotten deletions."""

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.partition_store import APPLIED, LAST

__all__ = ["Disk", "is_cut_off", "is_old", "not_old"]

logger = logging.getLogger(__name__)


class Disk(Protocol):
    """quixstreams' store of one partition, on this machine's disk."""

    def read(self, key: bytes) -> object: ...

    def get_changelog_offset(self) -> int | None: ...

    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=Disk)


def not_old(
    opened: Callable[[], Opened], path: Path, *, delete_retention_ms: int, first_offset: int
) -> Opened:
    """Open the state in a folder; if it is old, empty the folder first.

    first_offset: of the changelog.
    """
    state = opened()
    is_behind = is_cut_off(state.get_changelog_offset(), first_offset)
    if not is_behind and not is_old(state.read, delete_retention_ms=delete_retention_ms):
        return state
    state.close()
    shutil.rmtree(path)
    return opened()


def is_cut_off(offset: int | None, first_offset: int) -> bool:
    """Return whether the changelog was emptied after a disk was written, and written anew.

    A compacted log begins at 0 for ever otherwise. What is not written again would stay on the
    disk. offset: of the last record of the changelog that the disk has.
    """
    if offset is None or offset >= first_offset:
        return False
    logger.warning(
        "The state on this disk ends at %d of its changelog, which was emptied up to %d: it is "
        "restored from scratch",
        offset,
        first_offset,
    )
    return True


def is_old(read: Callable[[bytes], object], *, delete_retention_ms: int) -> bool:
    """Return whether state on disk must be read from the changelog's beginning instead.

    The changelog keeps the deletion of a key for `delete.retention.ms`, and then has no trace of
    it: to a disk that is older such a key would come back. Half of it is taken, as the clock of
    this machine is not the brokers'. The age is that of the last record applied, by the broker.
    """
    if read(APPLIED) is None:
        return False
    mark = read(LAST)
    decoded = Mark.decode(mark.decode() if isinstance(mark, bytes) else None)
    if decoded is None:  # Of a release that did not note when.
        logger.warning(
            "The age of the state on this disk is not known: it is restored from scratch"
        )
        return True
    age_ms = time.time_ns() // 1_000_000 - decoded[0].timestamp_ms
    if age_ms <= delete_retention_ms / 2:
        return False
    logger.warning(
        "The state on this disk is %d s old, more than half of what its changelog keeps deletions "
        "(delete.retention.ms %d): it is restored from scratch",
        age_ms // 1000,
        delete_retention_ms,
    )
    return True
