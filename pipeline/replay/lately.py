"""Decide the last hours of the log twice: as they were, and with other limits of one account.

Apart from against.py, which replaces the limits of `*` in the whole log: here both runs share what
came before, and the other limits hold from then on, whatever the log says about them.
"""

import sys
from collections.abc import Iterator

from pipeline.replay.against import compare_event
from pipeline.replay.memory import MemoryStore
from pipeline.replay.otherwise import Otherwise, merged
from pipeline.replay.recorded import (
    Log,
    Recorded,
    from_snapshots_before,
    recorded,
    recorded_logs,
    start_of,
)
from pipeline.risk.account.account import Account
from pipeline.risk.account.documents import Document
from pipeline.risk.state import save_account
from pipeline.risk.structs import replace
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.settings import Settings
from topics.fields import EVERYONE

__all__ = ["Lately", "lately_under", "lines"]

WORDS = ("approved", "modified", "rejected", "stopped")
NEWEST = 2**53  # So that documents of the log do not replace the other limits.


class Lately:
    """Both runs of one partition: one until the period begins, two from then on."""

    def __init__(self, store: MemoryStore, *, partition: int, from_ms: int) -> None:
        self.found = Otherwise()
        self._store = store
        self._partition = partition
        self._from_ms = from_ms
        self._history = self._accounts(store)
        self._judged: PartitionAccounts | None = None

    def apply(self, each: Recorded, *, account: str, rules: str) -> None:
        """Apply the next event; account, rules: whose limits are others, and which."""
        event = each.event
        if event is None:
            return
        if self._judged is None and each.at_ms < self._from_ms:
            self.found.marks.take_all(event, each.at_ms)
            self._history.apply(event, each.content, each.at_ms)
            return
        if self._judged is None:
            self._judged = self._fork(account, rules)
        compare_event(self.found, each, event, accounts=(self._history, self._judged))

    def _fork(self, account: str, rules: str) -> PartitionAccounts:
        list(self._history.save())
        store = self._store.copy()
        accounts = AccountStore(store)
        other = Document(NEWEST, rules)
        if account != EVERYONE:
            known = accounts.load_account(account) or Account(account)
            accounts.save_account(account, save_account(replace(known, limits=other)))
            return self._accounts(store)
        judged = self._accounts(store)
        serial = judged.shared.serial + 1
        judged.shared = replace(judged.shared, limits=other, serial=serial, limits_serial=serial)
        return judged

    def _accounts(self, store: MemoryStore) -> PartitionAccounts:
        return PartitionAccounts(
            store,
            partition=self._partition,
            rules_version=rules_version(),
            kept_max=sys.maxsize,
        )


def lately_under(settings: Settings, account: str, rules: str, *, from_ms: int) -> Otherwise:
    """Compare the log from a time on with what other limits of an account, or of `*`, would do.

    Raise NothingFoundError when the log holds nothing.
    """
    broker = Broker(settings)
    with broker.sentences():
        logs = recorded_logs(broker)
        if account != EVERYONE:
            logs = [logs[partition_of(account, len(logs))]]
        return merged([_partition(broker, log, account, rules, from_ms) for log in logs])


def _partition(  # noqa: PLR0913, PLR0917
    broker: Broker, log: Log, account: str, rules: str, from_ms: int
) -> Otherwise:
    log = from_snapshots_before(broker, log, from_ms)
    store = MemoryStore()
    if log.events.begin >= log.events.end:
        return Otherwise()
    start = start_of(broker, log, store=store)
    runs = Lately(store, partition=log.events.partition, from_ms=from_ms)
    for each in recorded(broker, log, start):
        runs.apply(each, account=account, rules=rules)
    return runs.found


def lines(found: Otherwise) -> Iterator[str]:
    """Yield the counts of all accounts, then of each account in which any differs."""
    accounts = sorted({account for counts in found.counts.values() for account, _ in counts})
    yield _line("all accounts", [found.total(word) for word in WORDS])
    for account in accounts:
        pairs = [found.total(word, account) for word in WORDS]
        if any(was != would_be for was, would_be in pairs):
            yield _line(account, pairs)


def _line(name: str, pairs: list[tuple[int, int]]) -> str:
    texts = (f"{word} {was:,} -> {now:,}" for word, (was, now) in zip(WORDS, pairs, strict=True))
    return f"{name}: {', '.join(texts)}"
