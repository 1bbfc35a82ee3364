"""The judge's own count of the log: each account's sequence and chain, from the events alone.

Written from the description of `sequence` and `chain` in docs/messages.md, not by calling the core.
An account that began before the judge did has no base until one of its decisions tells it.
"""

import re
from array import array
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple, Self

from pipeline.verify.records import NO_OFFSET, Applied, Record
from topics.events import Event, SignalEvent, Source
from topics.fields import EVERYONE

__all__ = ["UNKNOWN_CHAIN", "AccountWalk", "Begun", "PartitionWalk"]

SOURCES_MAX = 2048
ACCOUNTS_MAX = 20_000  # Of a partition; beyond, a signal begins none.
UNKNOWN_CHAIN = 0
COUNTS_MAX = 4096  # Events of each account whose chain is remembered.
CHAIN = re.compile("[0-9a-f]{16}")
_SOURCE = b'"source":{'
_TOPIC = len(b'"topic":"')  # The source's first field.


class Begun(NamedTuple):
    """Where an account, or `*`, stood when its log began: it was in another one before."""

    sequence: int
    chain: str
    knows_shared: bool  # Its last event came after the last one of `*`.
    ids: tuple[str, ...]  # Remembered from before, as risk names them.


class AccountWalk:
    """One account, or the shared record `*`, after the last event that was read."""

    def __init__(self, *, whole: bool) -> None:
        self.count = 0  # Events since the judge began.
        self.base: int | None = 0 if whole else None  # What to add for the account's sequence.
        self.chain: str | None = "" if whole else None
        self.clock_ms = 0
        self._shared_count = 0  # Of the `*` events before this account's last one.
        self._sources: dict[str, int] = {}
        self._chains = array("Q")
        self._offsets = array("q")

    @classmethod
    def continued(cls, begun: Begun) -> Self:
        """Return an account that was in another log before."""
        walk = cls(whole=True)
        walk.base, walk.chain = begun.sequence, begun.chain
        walk._shared_count = 0 if begun.knows_shared else -1
        return walk

    @property
    def sequence(self) -> int:
        """The sequence of the last event; only meaningful once the base is known."""
        return (self.base or 0) + self.count

    def is_repeated(self, source: Source | None) -> bool:
        """Return whether an input was applied before, and remember that it is now."""
        if source is None:
            return False
        key = f"{source.topic_id}:{source.partition}"
        if source.offset <= self._sources.get(key, -1):
            return True
        self._sources[key] = source.offset
        if len(self._sources) > SOURCES_MAX:
            del self._sources[next(iter(self._sources))]
        return False

    def apply(self, record: Record, at_ms: int, *, shared: "AccountWalk | None") -> None:
        """Count an event and chain it to those before, and to the `*` events since."""
        news: str | None = ""
        if shared is not None and shared.count != self._shared_count:
            self._shared_count, news = shared.count, shared.chain
        self.count += 1
        self.clock_ms = max(self.clock_ms, at_ms)
        known = self.chain is not None and news is not None
        self.chain = _chain(self.chain or "", record.value, f"{at_ms}{news}") if known else None
        chain = UNKNOWN_CHAIN if self.chain is None else int(self.chain, 16)
        if len(self._chains) < COUNTS_MAX:
            self._chains.append(chain)
            self._offsets.append(record.offset)
        else:
            self._chains[(self.count - 1) % COUNTS_MAX] = chain
            self._offsets[(self.count - 1) % COUNTS_MAX] = record.offset

    def remembers(self, count: int) -> bool:
        """Return whether an event is recent enough to be judged."""
        return 0 < count <= self.count and self.count - count < COUNTS_MAX

    def chain_at(self, count: int) -> int:
        """Return the chain after an event, as a number."""
        return self._chains[(count - 1) % COUNTS_MAX]

    def offset_at(self, count: int) -> int:
        """Return the offset of an event."""
        return self._offsets[(count - 1) % COUNTS_MAX]

    def adopt(self, count: int, chain: str) -> None:
        """Believe a published chain; what the judge worked out after it counts no more.

        Nothing proves which event it follows, so its offset is forgotten.
        """
        self._offsets[(count - 1) % COUNTS_MAX] = NO_OFFSET
        is_chain = CHAIN.fullmatch(chain) is not None
        self._chains[(count - 1) % COUNTS_MAX] = int(chain, 16) if is_chain else UNKNOWN_CHAIN
        for later in range(count + 1, self.count + 1):
            self._chains[(later - 1) % COUNTS_MAX] = UNKNOWN_CHAIN
        self.chain = chain if is_chain and count == self.count else None

    def forget_chains(self) -> None:
        """Work out no chain until a published one is known again."""
        for place in range(len(self._chains)):
            self._chains[place] = UNKNOWN_CHAIN
        self.chain = None


class PartitionWalk:
    """The accounts of one partition."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self.accounts: dict[str, AccountWalk] = {EVERYONE: AccountWalk(whole=whole)}
        self.now_ms = 0  # The newest append time.

    def begin(self, begun: Mapping[str, Begun]) -> None:
        """Go on from where the accounts stood in another log before."""
        for name, each in begun.items():
            self.accounts[name] = AccountWalk.continued(each)

    def apply(self, record: Record, event: Event) -> Applied | None:
        """Count an event; return None for a repetition, which counts in nothing."""
        shared = self.accounts[EVERYONE]
        at_ms = record.timestamp_ms if record.is_append_time else shared.clock_ms
        self.now_ms = max(self.now_ms, at_ms)
        account = self.accounts.get(event.account_id)
        if account is None and self._is_uninvited(event):
            return None
        if account is None:
            account = self.accounts[event.account_id] = AccountWalk(whole=self._whole)
        if account.is_repeated(event.source):
            return None
        account.apply(record, at_ms, shared=None if account is shared else shared)
        return Applied(record, event, account.count, at_ms)

    def _is_uninvited(self, event: Event) -> bool:
        """Return whether a signal is set aside, since it would begin one account too many."""
        is_full = len(self.accounts) > ACCOUNTS_MAX  # With `*`, which is none.
        return is_full and isinstance(event, SignalEvent)


def _chain(previous: str, content: bytes, rest_of: str) -> str:
    before, found, rest = content.partition(_SOURCE)
    if found:
        topic = rest[_TOPIC : rest.index(b'"', _TOPIC)]
        rest = rest[rest.index(b"}") + 1 :]
        if b"." in topic:  # A further topic of signals or fills counts as part of the input.
            before += topic
    whole = b"".join((previous.encode(), before, rest, rest_of.encode()))
    return blake2b(whole, digest_size=8).hexdigest()
