"""Where a rebuild begins: at the first event, or at the snapshots when that is gone.

Apart from replay's starts because here nothing may be left out: a replay without an account still
proves something, a state without an account decides wrongly.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.replay.comparison import Span
from pipeline.replay.origins import load_origin
from pipeline.replay.starts import load_snapshot
from pipeline.risk.account.account import Account, Shared
from pipeline.streams.clients.broker import Broker
from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.roster import Roster
from topics.fields import EVERYONE
from topics.snapshots import Snapshot

__all__ = ["Beginning", "begin_at_origin", "begin_at_snapshots"]

START_OVER = "start over, as docs/deploy.md describes under Disaster recovery"

ReadSnapshots = Callable[[], Iterable[Snapshot]]


class Beginning(Struct, frozen=True):
    """The event after which each account goes on.

    An account without a snapshot begins after that of `*`, so all its events are in the log.
    """

    shared: int
    offsets: dict[str, int]
    sequences: dict[str, int]

    def is_after(self, account_id: str, offset: int) -> bool:
        """Return whether an event is to be decided again."""
        return offset > self.offsets.get(account_id, self.shared)


def begin_at_origin(broker: Broker, events: Span, *, store: Store) -> Beginning | None:
    """Load what the accounts had in another log before; None when they began in this one."""
    begun = load_origin(broker, events, store)
    if begun is None:
        return None
    sequences = {name: each.sequence for name, each in begun.items()}
    return Beginning(0, dict.fromkeys(begun, 0), sequences)


def begin_at_snapshots(read: ReadSnapshots, events: Span, *, store: Store) -> Beginning:
    """Load the first snapshot of every account that the log continues.

    Reads the snapshots twice. Raise StartupError when one is missing or cannot be loaded.
    """
    number, accounts = events.partition, AccountStore(store)
    shared = _load_shared(read, events, accounts)
    beginning = Beginning(shared[0], {EVERYONE: shared[0]}, {EVERYONE: shared[1].sequence})
    names: dict[int, str] = {}
    for snapshot in read():
        account_id = snapshot.account_id
        if account_id in beginning.offsets or snapshot.offset < beginning.shared:
            continue
        loaded = load_snapshot(snapshot, partition=number)
        assert isinstance(loaded[0], Account)
        if loaded[0].applied.number > shared[1].accounts:
            continue  # It begins later, and is decided from its first event.
        accounts.save_account(account_id, loaded[1])
        beginning.offsets[account_id] = snapshot.offset
        beginning.sequences[account_id] = snapshot.sequence
        names[loaded[0].applied.number] = account_id
    if missing := shared[1].accounts - len(names):
        raise StartupError(
            f"events[{number}] begins at {events.begin}, and {missing} of its "
            f"{shared[1].accounts} accounts have no snapshot from there on: their state cannot be "
            f"made again; {START_OVER}"
        )
    _enrol(Roster(store), names)
    return beginning


def _load_shared(read: ReadSnapshots, events: Span, accounts: AccountStore) -> tuple[int, Shared]:
    """Load the first snapshot of `*` behind which no event is gone, and return its offset."""
    for snapshot in read():
        if snapshot.account_id == EVERYONE and snapshot.offset >= events.begin - 1:
            shared = load_snapshot(snapshot, partition=events.partition)[0]
            assert isinstance(shared, Shared)
            accounts.save_shared(shared)
            return snapshot.offset, shared
    raise StartupError(
        f"events[{events.partition}] begins at {events.begin}, and no snapshot of what its "
        f"accounts share is from there on: their state cannot be made again; {START_OVER}"
    )


def _enrol(roster: Roster, names: dict[int, str]) -> None:
    for number in sorted(names):
        roster.add(names[number], number)
