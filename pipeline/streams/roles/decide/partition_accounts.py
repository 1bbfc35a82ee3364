"""The accounts of one owned partition: in memory between commits, saved at each.

Apart from decide.py: this knows what is dirty and what is due at the commit, not what events mean.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.records import Applied
from pipeline.risk.boundaries import problem_of
from pipeline.risk.state import new_shared, save_account
from pipeline.risk.step import Arrival, Recall, Remembered, Step, wanted
from pipeline.risk.step import step as decide
from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.roster import Roster
from topics.events import Event
from topics.fields import EVERYONE

__all__ = ["INTERNAL", "Due", "PartitionAccounts"]

INTERNAL = "internal: "  # What the problem of an event begins with that riskgate could not use.
QUARANTINED = f"{INTERNAL}the account is quarantined: an event before raised beyond repair"
RETRIED = (
    f"{INTERNAL}the account was quarantined by another release, so its state lacks events: compare "
    "its positions and balance before it is resumed"
)

T = TypeVar("T")


class Due(NamedTuple):
    """An account whose rows are due at this commit; None is the shared record."""

    account_id: str
    account: Account | None
    state: bytes
    problem: str | None  # Its state could not be written: what is stored is the one before.
    state_due: bool
    snapshot_due: bool
    begins: bool = False  # It has no row yet.


class PartitionAccounts:
    """Apply events to the partition's accounts; keep at most so many of them in memory."""

    def __init__(self, store: Store, *, partition: int, rules_version: str, kept_max: int) -> None:
        self._store = AccountStore(store)
        self.roster = Roster(store)
        self._kept_max = kept_max
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._rules_version = rules_version
        self._quarantined: set[str] = set()  # Of those in memory.
        self._retried: set[str] = set()  # Quarantined by another release; not halted yet.
        self._unsaid: set[str] = set()  # Quarantined since the last commit.
        self._begun: set[str] = set()  # Since the last commit.
        self._dirty: set[str] = set()
        self._state_due: set[str] = set()
        self._snapshot_due: set[str] = set()
        found = self._store.load_shared(partition=partition, rules_version=rules_version)
        self.shared = found or new_shared(partition=partition, rules_version=rules_version)
        self._saved_shared = self.shared
        # What broadcast was told last. None: nothing since the start; what it has may be old.
        self._announced: tuple[int, int] | None = None

    def time_of(self, appended_ms: int | None) -> int:
        """Return the time of an event; without append time, that of the last heartbeat."""
        return self.shared.clock_ms if appended_ms is None else appended_ms

    def announce(self) -> None:
        """Let the row of `*` be due at the next commit, whether or not it says anything new."""
        self._announced = None

    def is_row_due(self, account_id: str) -> bool:
        """Whether the next commit writes an account's row in any case."""
        return account_id in self._state_due

    def account(self, account_id: str) -> Account | None:
        """Return an account as it is after its last event."""
        return self._accounts.get(account_id) or self._store.load_account(account_id)

    def take_unsaid(self) -> list[str]:
        """Return the accounts that were quarantined since this was asked last, and have a row."""
        unsaid, self._unsaid = sorted(self._unsaid), set()
        return [each for each in unsaid if each in self._accounts or self.account(each)]

    def is_quarantined(self, account_id: str) -> bool:
        """Return whether an account's events are set aside, by this release or another."""
        return self._store.quarantined_by(account_id) is not None

    def keep_at_most(self, accounts: int) -> None:
        """Bound how many accounts stay in memory after a commit."""
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
        arrival = self._arrival(account, event, content=content, at_ms=at_ms)
        taken, encoded = self._take(account, arrival, encode)
        if not taken.repeated and not self._is_lost(taken):
            if account_id in self._retried:
                self._try_again(account_id)
            self._keep(account_id, taken)
        return taken, encoded

    def quarantine(self, account_id: str) -> None:
        """Set aside every event of an account from now on, until another release tries again."""
        if account_id not in self._quarantined:
            self._unsaid.add(account_id)
        self._quarantined.add(account_id)
        self._retried.discard(account_id)
        self._store.quarantine(account_id, self._rules_version)

    def save(self) -> list[Due]:
        """Write everything that changed since the last commit and return whose rows are due."""
        due = [self._save_account(account_id) for account_id in sorted(self._dirty)]
        changed = self.shared is not self._saved_shared or self._announced is None
        if changed or self._snapshot_due:
            due.append(self._save_shared())
        self._store.save_rings()
        self.roster.save()
        self._begun.clear()
        self._dirty.clear()
        self._state_due.clear()
        self._snapshot_due.clear()
        while len(self._accounts) > self._kept_max:
            self._accounts.popitem(last=False)
        return due

    def _arrival(
        self, account: Account | None, event: Event, *, content: bytes, at_ms: int
    ) -> Arrival:
        recall, set_aside = Recall(), self._set_aside(event.account_id)
        try:
            lookup = wanted(account, self.shared, event, at_ms=at_ms)
        except Exception as error:  # noqa: BLE001  One record must not end every worker for good.
            set_aside = set_aside or INTERNAL + problem_of(error)
        else:
            recall = self._store.recall(lookup)
        return Arrival(
            event=event, content=content, at_ms=at_ms, recall=recall, set_aside=set_aside
        )

    def _set_aside(self, account_id: str) -> str | None:
        """Return why nothing of an account's next event is applied, None when it is."""
        if account_id in self._quarantined:
            return QUARANTINED
        return RETRIED if account_id in self._retried else None

    def _try_again(self, account_id: str) -> None:
        """Take the events of an account again that another release had quarantined."""
        self._retried.discard(account_id)
        self._store.end_quarantine(account_id)

    def _take(
        self, account: Account | None, arrival: Arrival, encode: Callable[[Step], T]
    ) -> tuple[Step, T]:
        try:
            taken = decide(account, self.shared, arrival)
            return taken, encode(taken)
        except Exception as error:  # noqa: BLE001  One record must not end every worker for good.
            problem = INTERNAL + problem_of(error)
        if account is None and arrival.event.account_id == EVERYONE:
            return self._lose(problem, encode)
        try:
            taken = decide(account, self.shared, replace(arrival, set_aside=problem))
            return taken, encode(taken)
        except Exception:  # noqa: BLE001  Not even halted: nothing of it is trusted any more.
            self.quarantine(arrival.event.account_id)
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
            account = self._store.load_account(account_id)
            self._note_quarantine(account_id, account)
            return account
        self._accounts.move_to_end(account_id)
        return account

    def _note_quarantine(self, account_id: str, account: Account | None) -> None:
        """Note how an account was left; one whose state lacks events must not go on unhalted."""
        by_release = self._store.quarantined_by(account_id)
        if by_release is None:
            return
        if by_release == self._rules_version:
            self._quarantined.add(account_id)
        elif account is not None and any(
            stop.rule == "internal_error" for stop in account.halts.stops
        ):
            self._store.end_quarantine(account_id)
        else:
            self._retried.add(account_id)

    def _keep(self, account_id: str, taken: Step) -> None:
        begins = taken.shared.accounts != self.shared.accounts
        self.shared = taken.shared
        if begins:
            self.roster.add(account_id, self.shared.accounts)
            self._begun.add(account_id)
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
        state, problem = b"", None
        try:
            state = save_account(account)
        except Exception as error:  # noqa: BLE001  One account must not end every worker for good.
            problem = INTERNAL + problem_of(error)
            self.quarantine(account_id)
            if account_id in self._begun:
                self._keep_number(account)
        else:
            self._store.write_account(account_id, state)
        return Due(
            account_id=account_id,
            account=account,
            state=state,
            problem=problem,
            state_due=account_id in self._state_due and problem is None,
            snapshot_due=account_id in self._snapshot_due and problem is None,
            begins=account_id in self._begun,
        )

    def _keep_number(self, account: Account) -> None:
        """Note that an account was counted: not once more when it comes again."""
        with suppress(Exception):
            bare = save_account(Account(account.account_id, Applied(number=account.applied.number)))
            self._store.write_account(account.account_id, bare)

    def _save_shared(self) -> Due:
        state = self._store.save_shared(self.shared)
        news = self.shared.serial, self.shared.accounts
        is_news = news != self._announced
        self._saved_shared = self.shared
        self._announced = news
        # A snapshot of an account is worth nothing without the limits and controls of its moment.
        return Due(
            EVERYONE, None, state, None, state_due=is_news, snapshot_due=bool(self._snapshot_due)
        )


def _nothing(_: Step) -> None:
    pass
