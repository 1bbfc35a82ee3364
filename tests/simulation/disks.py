"""RocksDB as it is, but each handle is left with its process, and closed when that is gone.

A machine does so when a process dies; here several processes live in one.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pipeline.streams.engine.application import _StatePartition
from tests.simulation.kernel import Kernel

__all__ = ["STATE_PARTITION", "disk_class"]

STATE_PARTITION = _StatePartition


def disk_class(kernel: Kernel) -> type[_StatePartition]:
    """Return the class that stands in for an open state."""

    class LeftDisk(_StatePartition):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            kernel.current.process.handles.append(self._let_go)
            super().__init__(*arguments, **options)

        def write_changes(
            self, changes: Mapping[bytes, bytes | None], *, changelog_offset: int | None
        ) -> None:
            kernel.point("before disk")
            super().write_changes(changes, changelog_offset=changelog_offset)
            kernel.point("after disk")

        def recover_from_changelog_message(self, *arguments: Any, **options: Any) -> Any:
            kernel.point("restore")
            return super().recover_from_changelog_message(*arguments, **options)

        def _let_go(self) -> None:
            for cache in ("_cf_cache", "_cf_handle_cache"):  # Each of them keeps it open.
                getattr(self, cache, {}).clear()
            with suppress(Exception):  # It is closed, or never was open, whatever it says of that.
                self._db.close()

    return LeftDisk
