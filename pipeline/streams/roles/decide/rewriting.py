"""How far a partition's rows of account_states are written to the topic that there is now.

A recreated topic has no rows of idle accounts, so broadcast would not monitor them. So all are
written again, some at a time; how far that came is state, and survives a crash.
"""

import time

import msgspec

from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.roster import Roster

__all__ = ["Rewriting"]

_KEY = b"w"
AGAIN_SECONDS = 10.0  # Rows that were just written are not asked for again before.


class _Progress(msgspec.Struct, frozen=True, array_like=True):
    topic_id: str = ""
    next: int = 0  # Number of the account whose row is next; 0: all are written.


class Rewriting:
    """Say which account's row is to be written next; `save` after each round of them."""

    def __init__(self, store: Store, roster: Roster) -> None:
        self._store = store
        self._roster = roster
        raw = store.get(_KEY)
        self._progress = _Progress() if raw is None else msgspec.msgpack.decode(raw, type=_Progress)
        self._saved = self._progress
        self._finished_s: float | None = None

    @property
    def whole_id(self) -> str:
        """The id of the topic that has the rows of all accounts; "" while it has not."""
        return "" if self._progress.next else self._progress.topic_id

    @property
    def is_underway(self) -> bool:
        """Whether rows are still to be written again."""
        return self._progress.next > 0

    def aim(self, topic_id: str) -> None:
        """Write all rows again unless they were written to this very topic."""
        if topic_id and topic_id != self._progress.topic_id:
            self._progress = _Progress(topic_id, 1)

    def again(self) -> None:
        """Write all rows again: somebody misses some."""
        now_s = time.monotonic()
        is_due = self._finished_s is None or now_s - self._finished_s >= AGAIN_SECONDS
        if self.whole_id and is_due:
            self._progress = _Progress(self._progress.topic_id, 1)

    def take(self, accounts: int) -> str | None:
        """Return the account whose row comes next, None when all are written."""
        number = self._progress.next
        if not number:
            return None
        found = self._roster.find(number) if number <= accounts else None
        if found is None:
            self._finished_s = time.monotonic()
        following = 0 if found is None else number + 1
        self._progress = _Progress(self._progress.topic_id, following)
        return found

    def save(self) -> None:
        """Write how far it came."""
        if self._progress is not self._saved:
            self._store.set(_KEY, msgspec.msgpack.encode(self._progress))
            self._saved = self._progress
