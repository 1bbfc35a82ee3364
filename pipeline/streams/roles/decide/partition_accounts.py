"""The accounts of one owned partition: in memory between checkpoints, saved by each.

Apart from decide.py: this knows what is to be saved and whose row is due, not what events mean.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, TypeVar

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.records import Applied
from pipeline.risk.boundaries import problem_of
from pipeline.risk.state import new_shared, save_account
from pipeline.risk.step import Arrival, Step, wanted
from pipeline.risk.step import step as decide
from pipeline.risk.structs import replace
from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.account_store import NOTHING_KEPT, AccountStore
from pipeline.streams.roles.decide.quarantines import INTERNAL, QUARANTINED, Quarantines
from pipeline.streams.roles.decide.roster import Roster
from topics.events import Event
from topics.fields import EVERYONE

__all__ = ["PartitionAccounts", "Saved"]

SHRUNK_TOGETHER = 200

T = TypeVar("T")


class Saved(NamedTuple):
    """An account, or the shared record, as it was at the barrier."""

    account_id: str  # EVERYONE: the shared record.
    record: Account | Shared
    state: bytes
    problem: str | None = None  # Its state cannot be written: what is stored is the one before.
    snapshot_due: bool = False


class PartitionAccounts:
    """Apply events to the partition's accounts; keep at most so many of them in memory."""

    def __init__(self, store: Store, *, partition: int, rules_version: str, kept_max: int) -> None:
        self._store = AccountStore(store)
        self.roster = Roster(store)
        self._kept_max = kept_max
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self.quarantines = Quarantines(self._store, rules_version)
        # Rows that are owed whatever else comes: of quarantined accounts, and of those that were
        # due when the state was saved.
        self._owed = set(self._store.rows_due())
        self._begun: set[str] = set()  # Since the last barrier.
        self._changed: dict[str, Account] = {}  # Since the last barrier.
        self._state_due: dict[str, None] = {}  # In the order in which they became so.
        self._snapshot_due: set[str] = set()
        found = self._store.load_shared(partition=partition, rules_version=rules_version)
        self.shared = found or new_shared(partition=partition, rules_version=rules_version)
        self._saved_shared = self.shared
        # What broadcast was told last. None: nothing since the start; what it has may be old.
        self._announced: tuple[int, int, str] | None = None

    def time_of(self, appended_ms: int | None) -> int:
        """Return the time of an event; without append time, that of the last heartbeat."""
        return self.shared.clock_ms if appended_ms is None else appended_ms

    def announce(self) -> None:
        """Let the row of `*` be due, whether or not it says anything new."""
        self._announced = None

    def is_row_due(self, account_id: str) -> bool:
        """Whether an account's row is written in any case."""
        return account_id in self._state_due

    def take_due(self) -> Iterator[str]:
        """Yield the accounts whose rows are due by now; each stays due until it is yielded."""

        def take(_: int) -> str:
            account_id = next(iter(self._state_due))
            del self._state_due[account_id]
            return account_id

        return map(take, range(len(self._state_due)))

    def drop_due(self) -> None:
        """Forget whose rows are due: another release writes them."""
        self._state_due.clear()
        self._owed.clear()

    def take_news(self, shared: Shared) -> bool:
        """Return whether a row of `*` says more than the last one; those of accounts come first."""
        news = shared.serial, shared.accounts, shared.active_version
        is_news, self._announced = news != self._announced, news
        return is_news

    def account(self, account_id: str) -> Account | None:
        """Return an account as it is after its last event."""
        return self._accounts.get(account_id) or self._store.load_account(account_id)

    def take_owed(self) -> list[str]:
        """Return the accounts, of those that exist, whose rows are owed since this was asked."""
        owed, self._owed = sorted(self._owed), set()
        return [each for each in owed if self.account(each) is not None]

    def keep_at_most(self, accounts: int) -> None:
        """Bound how many accounts stay in memory after a checkpoint."""
        self._kept_max = accounts

    def apply(self, event: Event, content: bytes, at_ms: int) -> Step:
        """Take one step and keep what it changed."""
        return self.use(event, content, at_ms=at_ms, encode=_nothing)[0]

    def use(
        self, event: Event, content: bytes, *, at_ms: int, encode: Callable[[Step], T]
    ) -> tuple[Step, T]:
        """Take one step, keep what it changed, and return it with what `encode` makes of it.

        What raises beside the step's own boundaries sets the event aside: its account is halted, or
        quarantined where not even that works. Only Kafka and the store may end the worker.
        """
        account_id = event.account_id
        account = None if account_id == EVERYONE else self._account(account_id)
        if self.quarantines.is_mute(account_id):
            return self._lose(QUARANTINED, encode)
        arrival = self._arrival(account, event, content=content, at_ms=at_ms)
        taken, encoded = self._take(account, arrival, encode)
        if not taken.repeated and not self._is_lost(taken):
            self.quarantines.end_retry(account_id)
            self._keep(account_id, taken)
        return taken, encoded

    def quarantine(self, account_id: str) -> None:
        """Set aside every event of an account from now on, until another release tries again."""
        if self.quarantines.add(account_id):
            self._owed.add(account_id)

    def save(self) -> Iterator[Saved | None]:
        """Take the barrier up to the first item, which is None; then save in small steps.

        The barrier takes no time, however many accounts changed: they are immutable, so one that
        changes meanwhile is another one.
        """
        changed, self._changed = self._changed, {}
        snapshots, self._snapshot_due = self._snapshot_due, set()
        shared, begun, self._begun = self.shared, self._begun, set()
        due = [*self._state_due, *self._owed]
        yield None
        self._store.save_rows_due(due)
        for account_id in list(changed):
            account = changed.pop(account_id)  # One by one: to free them all at once takes long.
            begins, snapshot_due = account_id in begun, account_id in snapshots
            yield self._save_account(account, begins=begins, snapshot_due=snapshot_due)
        # A snapshot of an account is worth nothing without the limits and controls of its moment.
        if shared is not self._saved_shared or snapshots:
            state = self._store.save_shared(shared)
            self._saved_shared = shared
            yield Saved(EVERYONE, shared, state, snapshot_due=bool(snapshots))
        yield from self._shrink()

    def _shrink(self) -> Iterator[None]:
        """Let go of the accounts that were not used lately; those not saved yet stay."""
        while len(self._accounts) - len(self._changed) > self._kept_max:
            spare = len(self._accounts) - self._kept_max
            for account_id in list(islice(self._accounts, min(spare, SHRUNK_TOGETHER))):
                if account_id in self._changed:
                    self._accounts.move_to_end(account_id)
                else:
                    del self._accounts[account_id]
            yield

    def _arrival(
        self, account: Account | None, event: Event, *, content: bytes, at_ms: int
    ) -> Arrival:
        set_aside = self.quarantines.reason(event.account_id)
        try:
            lookup = wanted(account, self.shared, event, at_ms=at_ms)
        except Exception as error:  # noqa: BLE001  One record must not end every worker for good.
            recall, set_aside = NOTHING_KEPT, set_aside or INTERNAL + problem_of(error)
        else:
            recall = self._store.recall(lookup)
        return Arrival(event, content, at_ms, recall, set_aside)

    def _take(
        self, account: Account | None, arrival: Arrival, encode: Callable[[Step], T]
    ) -> tuple[Step, T]:
        try:
            taken = decide(account, self.shared, arrival)
            return taken, encode(taken)
        except Exception as error:  # noqa: BLE001  One record must not end every worker for good.
            problem = INTERNAL + problem_of(error)
        account_id = arrival.event.account_id
        try:
            taken = decide(account, self.shared, replace(arrival, set_aside=problem))
            return taken, encode(taken)
        except Exception:  # noqa: BLE001  Not even halted: nothing of it is trusted any more.
            # Where a `*` event cannot even be set aside, heartbeats are lost like it: entries stop.
            if account_id != EVERYONE:
                self.quarantine(account_id)
            return self._lose(problem, encode)

    def _lose(self, problem: str, encode: Callable[[Step], T]) -> tuple[Step, T]:
        """Return a step that changes nothing."""
        lost = Step(None, self.shared, failed=problem)
        return lost, encode(lost)

    def _is_lost(self, taken: Step) -> bool:
        return taken.account is None and taken.failed is not None and taken.shared is self.shared

    def _account(self, account_id: str) -> Account | None:
        account = self._accounts.get(account_id)
        if account is None:
            return self.quarantines.begin(account_id, self._store.load_account(account_id))
        self._accounts.move_to_end(account_id)
        return account

    def _keep(self, account_id: str, taken: Step) -> None:
        begins = taken.shared.accounts != self.shared.accounts
        self.shared = taken.shared
        if begins:
            self.roster.add(account_id, self.shared.accounts)
            self._begun.add(account_id)
        if taken.account is not None:
            self._accounts[account_id] = taken.account
            self._changed[account_id] = taken.account
        if taken.state_due:
            self._state_due[account_id] = None
        if taken.snapshot_due:
            self._snapshot_due.add(account_id)
        for entry in taken.forget:
            self._store.forget(account_id, entry)
        for entry in taken.remember:
            self._store.remember(account_id, entry)
        for fill in taken.fills:
            self._keep_fill(account_id, fill)

    def _keep_fill(self, account_id: str, fill: KeptFill | ForgottenFills) -> None:
        if isinstance(fill, KeptFill):
            self._store.fills.write(account_id, fill)
        else:
            self._store.fills.forget(account_id, fill)

    def _save_account(self, account: Account, *, begins: bool, snapshot_due: bool) -> Saved:
        account_id = account.account_id
        try:
            state = save_account(account)
        except Exception as error:  # noqa: BLE001  One account must not end every worker for good.
            self._owed.add(account_id)
            newest = self._accounts.get(account_id, account)
            self.quarantines.mute(account_id, newest.applied.sequence)
            if begins:
                self._keep_number(account)
            return Saved(account_id, account, b"", problem=INTERNAL + problem_of(error))
        self._store.save_account(account_id, state)
        return Saved(account_id, account, state, snapshot_due=snapshot_due)

    def _keep_number(self, account: Account) -> None:
        """Note that an account was counted: not once more when it comes again."""
        with suppress(Exception):
            bare = save_account(Account(account.account_id, Applied(number=account.applied.number)))
            self._store.save_account(account.account_id, bare)


def _nothing(_: Step) -> None:
    pass
