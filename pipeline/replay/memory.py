"""The state store of one partition in memory: a replay has no changelog to recover from."""

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keep keys and values in a dict."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}

    def copy(self) -> "MemoryStore":
        """Return a store of its own with the same values."""
        store = MemoryStore()
        store._values = dict(self._values)
        return store

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        return self._values.get(key)

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self._values[key] = value

    def save(self, key: bytes, value: bytes) -> None:
        """Write a value: with nothing beside it, a barrier is now."""
        self._values[key] = value

    def delete(self, key: bytes) -> None:
        """Delete a key if it exists."""
        self._values.pop(key, None)

    def items(self) -> dict[bytes, bytes]:
        """Return all keys with their values."""
        return dict(self._values)
