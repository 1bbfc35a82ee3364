"""Which row of account_states is the newest of its account: not always the last on the topic.

Two replica sets write each account's rows, and one of them may be behind; a worker that was frozen
writes an old row when it wakes. Every reader that keeps the newest row asks here.
"""

from typing import Generic, NamedTuple, TypeVar

__all__ = ["RowAges"]

K = TypeVar("K")


class _Age(NamedTuple):
    sequence: int
    at_ms: int


class RowAges(Generic[K]):
    """The age of the newest row of each key."""

    def __init__(self) -> None:
        self._newest: dict[K, _Age] = {}

    def is_older(self, key: K, *, sequence: int, at_ms: int) -> bool:
        """Return whether a newer row was seen before this one, and remember this one if not.

        sequence: of the account's last event; 0 for none, as in the row of an account that was set
        aside. at_ms: append time of that event. Where an operator started over, sequences begin
        again but times do not, so such a row is no older one.
        """
        newest = self._newest.get(key)
        if newest and 0 < sequence < newest.sequence and at_ms <= newest.at_ms:
            return True
        self._newest[key] = _Age(sequence, at_ms)
        return False

    def forget(self, key: K) -> None:
        """Forget a key whose row was deleted."""
        self._newest.pop(key, None)
