"""Numbered entries, many of them under one key: a key for each would cost more than it holds.

Apart from what it holds, ids and fills, because both are written and dropped in the same way.
"""

from collections.abc import Iterator
from struct import Struct

from pipeline.streams.role_interface import Store

__all__ = ["BlockStore"]

BLOCKS_MAX = 4096  # In memory; they are dropped together, and read again when they are wanted.
_ENTRY = Struct(">qI")  # Number and length of the entry, which follows.


class BlockStore:
    """Write, replace and find entries; `together` of them, by their numbers, share a key.

    A block is bytes, never changed in place: a checkpoint saves what was there at its barrier.
    """

    def __init__(self, store: Store, *, together: int) -> None:
        self._store = store
        self._together = together
        self._blocks: dict[bytes, bytes] = {}
        self._newest: dict[bytes, int] = {}  # The highest number in each of those; -1 for none.

    def write(self, series: bytes, number: int, entry: bytes) -> None:
        """Write an entry; one that has its number already is replaced."""
        key = self._key(series, number)
        block = self._block(key)
        packed = _ENTRY.pack(number, len(entry)) + entry
        if number > self._newest[key]:  # As nearly always: the block need not be taken apart.
            self._newest[key] = number
            block += packed
        else:
            entries = dict(_entries(block)) | {number: entry}
            block = b"".join(_ENTRY.pack(n, len(raw)) + raw for n, raw in entries.items())
        self._blocks[key] = block
        self._store.set(key, block)

    def read(self, series: bytes, begin: int, end: int) -> dict[int, bytes]:
        """Return the entries from one number up to another, without that one, by number."""
        found: dict[int, bytes] = {}
        for first in range(begin - begin % self._together, end, self._together):
            found |= dict(_entries(self._block(self._key(series, first))))
        return {number: found[number] for number in sorted(found) if begin <= number < end}

    def drop(self, series: bytes, number: int) -> None:
        """Drop the whole block that a number is in."""
        key = self._key(series, number)
        self._blocks.pop(key, None)
        self._newest.pop(key, None)
        self._store.delete(key)

    def _key(self, series: bytes, number: int) -> bytes:
        return b"%s|%d" % (series, number // self._together)

    def _block(self, key: bytes) -> bytes:
        block = self._blocks.get(key)
        if block is None:
            if len(self._blocks) >= BLOCKS_MAX:
                self._blocks.clear()
                self._newest.clear()
            block = self._blocks[key] = self._store.get(key) or b""
            self._newest[key] = max((number for number, _ in _entries(block)), default=-1)
        return block


def _entries(block: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(block):
        number, length = _ENTRY.unpack_from(block, place)
        begin = place + _ENTRY.size
        place = begin + length
        yield number, block[begin:place]
