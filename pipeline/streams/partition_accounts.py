"""The accounts of one owned partition: in memory between commits, saved at each.

Apart from decide.py: this knows what is dirty and what is due at the commit, not what events mean.
"""

from collections import OrderedDict
from typing import NamedTuple

from pipeline.risk.account import Account
from pipeline.risk.memory.kept_fills import ForgottenFills, KeptFill, wanted_of_fill
from pipeline.risk.state import new_shared
from pipeline.risk.step import Arrival, Remembered, Step, identity, oldest_wanted
from pipeline.risk.step import step as decide
from pipeline.streams.account_store import AccountStore
from pipeline.streams.engine import Store
from topics.events import Event
from topics.fields import EVERYONE

__all__ = ["Due", "PartitionAccounts"]


class Due(NamedTuple):
    """An account whose rows are due at this commit; None is the shared record."""

    account: Account | None
    state: bytes
    state_due: bool
    snapshot_due: bool


class PartitionAccounts:
    """Apply events to the partition's accounts; keep at most so many of them in memory."""

    def __init__(self, store: Store, *, partition: int, rules_version: str, kept_max: int) -> None:
        self._store = AccountStore(store)
        self._kept_max = kept_max
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._dirty: set[str] = set()
        self._state_due: set[str] = set()
        self._snapshot_due: set[str] = set()
        found = self._store.load_shared(partition=partition, rules_version=rules_version)
        self.shared = found or new_shared(partition=partition, rules_version=rules_version)
        self._saved_shared = self.shared
        self._announced_serial = self.shared.serial

    def time_of(self, appended_ms: int | None) -> int:
        """Return the time of an event; without append time, that of the last heartbeat."""
        return self.shared.clock_ms if appended_ms is None else appended_ms

    def keep_at_most(self, accounts: int) -> None:
        """Bound how many accounts stay in memory after a commit."""
        self._kept_max = accounts

    def apply(self, event: Event, content: bytes, at_ms: int) -> Step:
        """Take one step and keep what it changed."""
        account_id = event.account_id
        account = None if account_id == EVERYONE else self._account(account_id)
        recall = self._store.recall(
            account_id, identity(event), oldest_wanted(account, self.shared, at_ms)
        )
        wanted = wanted_of_fill(account, event)
        if wanted is not None:
            recall = self._store.recall_fill(account_id, recall, wanted)
        arrival = Arrival(event=event, content=content, at_ms=at_ms, recall=recall)
        taken = decide(account, self.shared, arrival)
        if not taken.repeated:
            self._keep(account_id, taken)
        return taken

    def save(self) -> list[Due]:
        """Write everything that changed since the last commit and return whose rows are due."""
        due = [self._save_account(account_id) for account_id in sorted(self._dirty)]
        if self.shared is not self._saved_shared or self._snapshot_due:
            due.append(self._save_shared())
        self._store.save_rings()
        self._dirty.clear()
        self._state_due.clear()
        self._snapshot_due.clear()
        while len(self._accounts) > self._kept_max:
            self._accounts.popitem(last=False)
        return due

    def _account(self, account_id: str) -> Account | None:
        account = self._accounts.get(account_id)
        if account is None:
            return self._store.load_account(account_id)
        self._accounts.move_to_end(account_id)
        return account

    def _keep(self, account_id: str, taken: Step) -> None:
        self.shared = taken.shared
        if taken.account is not None:
            self._accounts[account_id] = taken.account
            self._dirty.add(account_id)
        if taken.state_due:
            self._state_due.add(account_id)
        if taken.snapshot_due:
            self._snapshot_due.add(account_id)
        self._keep_ids(account_id, taken.remember, taken.forget)
        for fill in taken.fills:
            self._keep_fill(account_id, fill)

    def _keep_ids(
        self,
        account_id: str,
        remember: tuple[Remembered, ...],
        forget: tuple[Remembered, ...],
    ) -> None:
        for entry in forget:
            self._store.forget(account_id, entry)
        for entry in remember:
            self._store.remember(account_id, entry)

    def _keep_fill(self, account_id: str, fill: KeptFill | ForgottenFills) -> None:
        if isinstance(fill, KeptFill):
            self._store.fills.write(account_id, fill)
        else:
            self._store.fills.forget(account_id, fill)

    def _save_account(self, account_id: str) -> Due:
        account = self._accounts[account_id]
        return Due(
            account=account,
            state=self._store.save_account(account),
            state_due=account_id in self._state_due,
            snapshot_due=account_id in self._snapshot_due,
        )

    def _save_shared(self) -> Due:
        state = self._store.save_shared(self.shared)
        is_news = self.shared.serial != self._announced_serial
        self._saved_shared = self.shared
        self._announced_serial = self.shared.serial
        # A snapshot of an account is worth nothing without the limits and controls of its moment.
        return Due(None, state, state_due=is_news, snapshot_due=bool(self._snapshot_due))
