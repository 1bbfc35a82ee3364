"""The state store of one partition in memory: a replay has no changelog to recover from."""

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keep keys and values in a dict."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}

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
