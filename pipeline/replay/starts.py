"""Where to start in a partition whose oldest events were deleted: the oldest snapshots left."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.replay.comparison import Span
from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.state import StateError, load_account, load_shared, save_account, save_shared
from pipeline.rules_version import rules_version
from pipeline.streams.roles.decide.account_store import AccountStore
from topics.fields import EVERYONE
from topics.snapshots import Snapshot

__all__ = ["Start", "find_start", "load_snapshot"]


class Start(Struct, frozen=True):
    """The event after which each account, and `*`, continues from its snapshot.

    Accounts without a snapshot are left out of the replay.
    """

    offsets: dict[str, int]
    sequences: dict[str, int]
    others: bool = False  # Whether all other accounts begin in the log, and are in it.

    def is_after(self, account_id: str, offset: int) -> bool:
        """Whether an event comes after its account's snapshot."""
        return offset > self.offsets.get(account_id, -1 if self.others else offset)


def find_start(
    read_snapshots: Callable[[], Iterable[Snapshot]],
    events: Span,
    *,
    store: MemoryStore,
    continues: bool = False,
) -> Start | None:
    """Load the first snapshots into the store; return None when the log is complete.

    continues: its accounts were in another log before, so even the first event needs snapshots.

    Reads the snapshots twice. They do not hold remembered ids, nor fills kept for busts.
    Raise StartupError when a snapshot cannot be loaded.
    """
    if events.begin == 0 and not continues:
        return None
    start = Start({}, {}, others=continues)
    accounts = AccountStore(store)
    oldest = events.begin - 1  # An older snapshot would need events that are gone.
    for is_shared in (True, False):  # `*` first: no account may start before the shared record.
        for snapshot in read_snapshots():
            account_id = snapshot.account_id
            if (account_id == EVERYONE) != is_shared or account_id in start.offsets:
                continue
            if snapshot.offset >= start.offsets.get(EVERYONE, oldest):
                _load(snapshot, accounts, partition=events.partition)
                start.offsets[account_id] = snapshot.offset
                start.sequences[account_id] = snapshot.sequence
        if EVERYONE not in start.offsets:
            break  # Without a shared record no account can start.
    return start


def _load(snapshot: Snapshot, accounts: AccountStore, *, partition: int) -> None:
    record, state = load_snapshot(snapshot, partition=partition)
    if isinstance(record, Shared):
        accounts.save_shared(record)
    else:
        accounts.save_account(snapshot.account_id, state)


def load_snapshot(snapshot: Snapshot, *, partition: int) -> tuple[Account | Shared, bytes]:
    """Return what a snapshot is of, and its bytes in this release's form.

    Raise StartupError when it cannot be loaded.
    """
    try:
        if snapshot.account_id == EVERYONE:
            shared = load_shared(snapshot.state, partition=partition, rules_version=rules_version())
            return shared, save_shared(shared)
        account = load_account(snapshot.state)
        return account, save_account(account)
    except StateError as error:
        raise StartupError(
            f"a snapshot of {snapshot.account_id} cannot be used: {error}"
        ) from error
