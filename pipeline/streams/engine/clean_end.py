"""Whether the life of a process before this one ended without a word: killed, or out of memory.

Kept as an empty file beside the state. Where that folder is lost with the process, nothing is
known, and a start counts as the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.streams.role_interface import StartupError, Stopped

__all__ = ["Life", "noted_life"]


class Life(NamedTuple):
    """How a process reads what may have ended the one before."""

    stop_levels: tuple[str, ...] = ()  # Starts guarded_child.py; empty: no child reads anything.
    is_unclean: bool = False  # The life before this one ended without a word.


@contextmanager
def noted_life(folder: Path, name: str) -> Iterator[bool]:
    """Say whether the life before ended without a word; note from here on that this one runs."""
    file = folder / f"running-{name}"
    unclean = file.exists()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        file.touch()
    try:
        yield unclean
    except (Stopped, StartupError, SystemExit):
        _remove(file)
        raise
    _remove(file)


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()
