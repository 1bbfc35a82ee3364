"""The state of one partition as a role sees it, and what the engine keeps beside the role's keys.

Apart from application.py because it needs of quixstreams only a transaction.
"""

from collections.abc import Callable
from typing import Protocol

__all__ = ["APPLIED", "LAST", "PartitionStore", "Transaction"]

# The engine's own keys in the store: the partition's next offset, the record before it, and the id
# of the changelog that has all of it. The last is written once, so a changelog made anew or cut
# does not have it.
APPLIED = b"applied"
CHANGELOG = b"changelog"
LAST = b"last"  # The mark of the record before `applied`.
OURS = b"s|"  # Written before a role's keys: so none of them is one of those.


class Transaction(Protocol):
    """The part of quixstreams' store transaction that is used."""

    def get_bytes(self, key: bytes, prefix: bytes) -> bytes | None: ...

    def set_bytes(self, key: bytes, value: bytes, prefix: bytes) -> None: ...

    def delete(self, key: bytes, prefix: bytes) -> None: ...


class PartitionStore:
    """A role's view of one partition's state, in whatever transaction is open.

    What is written waits in a plain dict for the commit: the library asks much more of each key.
    """

    def __init__(
        self,
        transaction: Callable[[], Transaction],
        committed: Callable[[bytes], object],
        *,
        changelog_id: str,
    ) -> None:
        self._transaction = transaction
        self._committed = committed
        self._changelog_id = changelog_id.encode()
        self._written: dict[bytes, bytes | None] = {}  # None: deleted.

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, as written last."""
        if key in self._written:
            return self._written[key]
        found = self._committed(OURS + key)
        return found if isinstance(found, bytes) else None

    def set(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self._written[key] = value

    def delete(self, key: bytes) -> None:
        """Forget a key."""
        self._written[key] = None

    def applied(self) -> int | None:
        """Return the offset that this state belongs to; None: it never belonged to one."""
        position = self._transaction().get_bytes(APPLIED, prefix=b"")
        return None if position is None else int(position)

    def mark(self) -> str | None:
        """Return what was noted of the last record applied."""
        mark = self._transaction().get_bytes(LAST, prefix=b"")
        return None if mark is None else mark.decode()

    def set_applied(self, position: int, mark: str | None) -> None:
        """Bring what waits into the transaction, and last the offset that it belongs to.

        mark: of the record before it; None: that of an earlier commit is still right.
        """
        transaction = self._transaction()
        for key, value in self._written.items():
            if value is None:
                transaction.delete(OURS + key, prefix=b"")
            else:
                transaction.set_bytes(OURS + key, value, prefix=b"")
        self._written.clear()
        if transaction.get_bytes(CHANGELOG, prefix=b"") is None:
            transaction.set_bytes(CHANGELOG, self._changelog_id, prefix=b"")
        if mark is not None:
            transaction.set_bytes(LAST, mark.encode(), prefix=b"")
        transaction.set_bytes(APPLIED, b"%d" % position, prefix=b"")

    def is_whole(self) -> bool:
        """Return whether the changelog has everything since the first commit."""
        return self._transaction().get_bytes(CHANGELOG, prefix=b"") == self._changelog_id
