"""The ids of a partition's accounts in the order in which they began, many under one key.

Apart from account_store.py: this is read only when all rows of account_states are written again.
"""

from pipeline.streams.role_interface import Store

__all__ = ["Roster"]

IDS_TOGETHER = 64  # Numbers that share a key.


class Roster:
    """Keep the account of each number; they come in order, from 1, without gaps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, account_id: str, number: int) -> None:
        """Note the account that got a number."""
        key, place = _place(number)
        # In the first place there is nothing before it, whatever an older state left there.
        ids = self._ids(key)[:place] if place else []
        self._store.set(key, "\n".join([*ids, account_id]).encode())

    def find(self, number: int) -> str | None:
        """Return the account of a number, None when there is none."""
        key, place = _place(number)
        ids = self._ids(key)
        return ids[place] if place < len(ids) else None

    def _ids(self, key: bytes) -> list[str]:
        value = self._store.get(key)
        return value.decode().split("\n") if value else []


def _place(number: int) -> tuple[bytes, int]:
    block, place = divmod(number - 1, IDS_TOGETHER)
    return b"n|%d" % block, place
