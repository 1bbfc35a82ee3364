"""A small disk of its own for the processes' state, which can be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from typing import Self

__all__ = ["SmallDisk"]

SIZE = "256m"
CHUNK = bytes(1 << 20)


class SmallDisk:
    """A mounted folder in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    @classmethod
    def mounted(cls, folder: Path) -> Self | None:
        """Mount one; return None where this user may not."""
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
        try:
            failed = subprocess.run(mount, capture_output=True, check=False).returncode
        except FileNotFoundError:
            return None
        return None if failed else cls(folder)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fill it, and make room again at the end."""
        try:
            with self._ballast.open("wb", buffering=0) as stream:
                while (free := disk_usage(self._folder).free) > 0:
                    stream.write(CHUNK[:free])
        except OSError:  # It is full.
            pass
        yield
        self._ballast.unlink()

    def unmount(self) -> None:
        """Give it back."""
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)
