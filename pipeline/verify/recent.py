"""A bounded memory of what came last, so that the judge's memory depends on accounts alone."""

from array import array
from hashlib import blake2b

__all__ = ["RECENT_MAX", "Recent", "digest_of"]

RECENT_MAX = 4096  # Remembered per account; sixteen bytes each.


class Recent:
    """Two numbers under each of the last keys, which are numbers as well.

    Two flat arrays: a dict of the same would take ten times the memory.
    """

    def __init__(self, most: int = RECENT_MAX) -> None:
        self._most = most
        self._keys = array("Q")
        self._values = array("Q")
        self._next = 0

    def get(self, key: int) -> int | None:
        """Return what was put under a key; None when it never was, or too long ago."""
        try:
            return self._values[self._keys.index(key)]
        except ValueError:
            return None

    def put(self, key: int, value: int) -> None:
        """Remember a value in place of the oldest one."""
        if len(self._keys) < self._most:
            self._keys.append(key)
            self._values.append(value)
            return
        self._keys[self._next], self._values[self._next] = key, value
        self._next = (self._next + 1) % self._most

    def __len__(self) -> int:
        return len(self._keys)


def digest_of(value: bytes) -> int:
    """Return 64 bits that stand for some bytes."""
    return int.from_bytes(blake2b(value, digest_size=8).digest())
