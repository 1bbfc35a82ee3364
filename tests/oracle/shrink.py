"""A differing history made short: lines are left out as long as it still differs."""

from typing import Any

from tests.oracle.comparison import first_difference
from tests.oracle.model.book import NotJudgedError

__all__ = ["shrunk"]

Json = dict[str, Any]


def difference(lines: list[Json]) -> str | None:
    """Name what differs, without its numbers; None when nothing does, as far as it is judged."""
    try:
        found = first_difference(lines)
    except NotJudgedError:
        return None
    return None if found is None else found.partition(": ")[2].partition(": program")[0]


def shrunk(lines: list[Json]) -> list[Json]:
    """Leave out runs of lines, from half of them down to one, until nothing more can go."""
    wanted = difference(lines)
    size = max(len(lines) // 2, 1)
    while True:
        start, before = 0, len(lines)
        while start < len(lines):
            shorter = lines[:start] + lines[start + size :]
            if shorter and difference(shorter) == wanted:
                lines = shorter
            else:
                start += size
        if size == 1 and len(lines) == before:
            return lines
        size = max(size // 2, 1)
