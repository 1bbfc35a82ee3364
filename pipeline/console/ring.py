"""The newest entries of all accounts and of each, in memory that does not grow for ever."""

from collections import deque
from collections.abc import Iterator
from itertools import chain

from pipeline.console.entries import Entry

__all__ = ["Ring"]


class Ring:
    """At most so many entries in total and so many of one account; the oldest go first."""

    def __init__(self, entries_max: int, *, of_account_max: int) -> None:
        self._all: deque[Entry] = deque()
        self._by_account: dict[str, deque[Entry]] = {}
        self._max = entries_max
        self._of_account_max = of_account_max

    def __len__(self) -> int:
        return len(self._all)

    def add(self, entry: Entry) -> None:
        """Add the newest entry."""
        self._all.append(entry)
        own = self._by_account.setdefault(entry.account_id, deque(maxlen=self._of_account_max))
        own.append(entry)
        if len(self._all) > self._max:
            self._forget(self._all.popleft())

    def newest(self, account_id: str | None = None) -> Iterator[Entry]:
        """Yield the entries of all accounts or of one, newest first."""
        found = self._all if account_id is None else self._by_account.get(account_id, ())
        # A copy: who reads must not see a ring change below it.
        yield from reversed(list(found))

    def _forget(self, entry: Entry) -> None:
        own = self._by_account[entry.account_id]
        # An account's own ring may have dropped it before.
        if own and own[0] is entry:
            own.popleft()
        if not own:
            del self._by_account[entry.account_id]


def newest_of(lists: list[Iterator[Entry]], most: int) -> list[Entry]:
    """Put several lists together, newest first, and keep the newest entries."""
    return sorted(chain(*lists), key=lambda entry: -entry.at_ms)[:most]
