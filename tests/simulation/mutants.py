"""Known mistakes, one at a time: a simulation that does not find them would prove nothing.

    python -m tests.simulation.mutants 0:40

prints, for each mistake, the first seed whose world is violated.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from confluent_kafka import IsolationLevel
from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.records import TradingHalts
from pipeline.risk.account.windows import Windows
from pipeline.streams.clients.cluster import Cluster
from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.checkpoint import Barrier
from pipeline.streams.engine.deliveries import Deliveries, Sent
from pipeline.streams.engine.keepers import StateKeeper
from pipeline.streams.engine.loop import Loop
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.sender import Sender
from pipeline.streams.role_interface import Place
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests.simulation.broker.groups import MemberName
from tests.simulation.clients.consumer import SimulatedConsumer
from tests.simulation.clients.group_metadata import SimulatedGroupMetadata
from tests.simulation.deployment import Terms
from tests.simulation.faults import Profile
from tests.simulation.moves import moved_twice
from tests.simulation.world import World, run

__all__ = ["MUTANTS", "first_caught", "main"]

CHANGELOG = "changelog__"


@contextmanager
def _lost_checkpoint_kept() -> Iterator[None]:
    """Go on with a checkpoint of lost partitions, in the name of the next generation."""
    real = StateKeeper.commit

    def commit(self: StateKeeper, barrier: Barrier) -> None:
        self._group = self._consumer.consumer_group_metadata()
        real(self, barrier)

    kept = patch.object(StreamApplication, "_drop", lambda _self, _seconds: None)
    with kept, patch.object(StateKeeper, "commit", commit):
        yield


def _restore_to_stable_end() -> Any:
    """Read changelogs only up to an open transaction, as quixstreams does by itself."""
    real = Cluster._offsets

    def offsets(self: Cluster, partitions: Any, spec: Any) -> Any:
        if not any(topic.startswith(CHANGELOG) for topic, _ in partitions):
            return real(self, partitions, spec)
        ask: Any = self._admin.list_offsets

        def committed_only(wanted: Any, **how: Any) -> Any:
            return ask(wanted, **{**how, "isolation_level": IsolationLevel.READ_COMMITTED})

        with patch.object(self._admin, "list_offsets", committed_only):
            return real(self, partitions, spec)

    return patch.object(Cluster, "_offsets", offsets)


def _unfenced_commit() -> Any:
    """Commit in nobody's name, which the broker does not check, and keep a lost checkpoint."""

    def nobody(self: SimulatedConsumer) -> SimulatedGroupMetadata:
        return SimulatedGroupMetadata(self._group, MemberName(-1, "", ""))

    return patch.object(SimulatedConsumer, "consumer_group_metadata", nobody)


def _disk_before_commit() -> Any:
    real = StateKeeper.commit

    def commit(self: StateKeeper, barrier: Barrier) -> None:
        for place in barrier.positions:
            changes = dict(self._changes(place, barrier))
            self._disk(place).write_changes(changes, changelog_offset=None)
        real(self, barrier)

    return patch.object(StateKeeper, "commit", commit)


def _offset_too_far() -> Any:
    real = Progress.uncommitted

    def uncommitted(self: Progress) -> dict[Place, int]:
        return {place: position + 1 for place, position in real(self).items()}

    return patch.object(Progress, "uncommitted", uncommitted)


def _barrier_before_delivery() -> Any:
    """Commit before Kafka has the outputs."""
    return patch.object(Sender, "has_delivered", lambda _self, _sent: True)


def _deliveries_counted_together() -> Any:
    """Take what was delivered behind a barrier for what is missing in front of it."""

    def are_there(self: Deliveries, sent: Sent) -> bool:
        sections = list(self._open)
        missing = sum(each.sent for each in sections[: sent - self._barriers - 1])
        return sum(each._delivered for each in sections) >= missing

    return patch.object(Deliveries, "are_there", are_there)


def _outputs_not_read() -> Any:
    """Know nothing of what an owner before published, and send none of what is decided again."""
    real = PartitionAccounts.use

    def use(self: PartitionAccounts, *arguments: Any, encode: Any, **options: Any) -> Any:
        taken, rows = real(self, *arguments, encode=encode, **options)
        is_again = getattr(encode, "__name__", "") == "encode"  # That of decide.Risk._encoder.
        return taken, [] if is_again else rows

    return patch.object(PartitionAccounts, "use", use)


def _wall_clock() -> Any:
    """Decide by the worker's clock instead of the log's."""
    from pipeline.streams.engine import progress

    return patch.object(PartitionAccounts, "time_of", lambda _self, _ms: progress.clock_ms())


def _loads(change: Callable[[Account], Account]) -> Any:
    real = AccountStore.load_account

    def load_account(self: AccountStore, account_id: str) -> Account | None:
        account = real(self, account_id)
        return None if account is None else change(account)

    return patch.object(AccountStore, "load_account", load_account)


def _stops_only_in_memory() -> Any:
    return _loads(lambda account: replace(account, halts=TradingHalts()))


def _peak_lost_on_restore() -> Any:
    return _loads(lambda account: replace(account, windows=Windows()))


def _reservations_lost_on_restore() -> Any:
    def forget(account: Account) -> Account:
        holdings = {
            symbol: replace(holding, reservations={})
            for symbol, holding in account.holdings.items()
        }
        return replace(account, holdings=holdings)

    return _loads(forget)


def _stale_messages_applied() -> Any:
    """Apply what was read under the assignment before."""
    return patch.object(Loop, "_still_owned", lambda _self, messages, _generation: messages)


class Mutant(NamedTuple):
    """A mistake, and the world that is likely to show it; a seed draws its own without one."""

    make: Callable[[], AbstractContextManager[object]]
    world: World = World(whole=False)
    tell: Callable[[int], list[str]] | None = None  # A story instead of a drawn world.


FREEZING = World(
    Profile(freezes=5, freeze_s_max=20.0),
    workers=2,
    terms=Terms(session_s=6, transaction_s=50, checkpoint_ms=3000),
    whole=False,
)
DYING = World(
    Profile(
        kills_at_points=0.2,
        points=frozenset({"after commit", "before disk"}),
        late=30,
        late_s_max=8.0,
    ),
    workers=1,
    terms=Terms(checkpoint_ms=100),
    whole=False,
)
MUTANTS: Mapping[str, Mutant] = {
    "a lost checkpoint is kept": Mutant(_lost_checkpoint_kept, FREEZING),
    "commits name no member": Mutant(_unfenced_commit, FREEZING),
    "the disk is written before the commit": Mutant(_disk_before_commit),
    "offsets are committed one too far": Mutant(_offset_too_far),
    "a commit waits for no outputs": Mutant(_barrier_before_delivery, DYING),
    "deliveries are counted over all partitions": Mutant(_deliveries_counted_together, DYING),
    "what is decided again is not sent": Mutant(_outputs_not_read),
    "decisions go by the worker's clock": Mutant(_wall_clock),
    "stops are kept in memory only": Mutant(_stops_only_in_memory),
    "the peak is lost on a restore": Mutant(_peak_lost_on_restore),
    "reservations are lost on a restore": Mutant(_reservations_lost_on_restore),
    "records of an old assignment are applied": Mutant(_stale_messages_applied),
    "a restore stops at an open transaction": Mutant(_restore_to_stable_end, tell=moved_twice),
}


def first_caught(name: str, seeds: Iterable[int]) -> tuple[int, str] | None:
    """Return the first seed whose world shows a mistake, and what it shows."""
    make, world, tell = MUTANTS[name]
    for seed in seeds:
        with make():
            violations = run(seed, world).violations if tell is None else tell(seed)
        if violations:
            return seed, violations[0]
    return None


def main(seeds: str) -> int:
    """Print the table; return 1 when a mistake was not found."""
    first, _, beyond = seeds.partition(":")
    drawn, missed = range(int(first), int(beyond)), 0
    for name in MUTANTS:
        caught = first_caught(name, drawn)
        missed += caught is None
        shown = "not found" if caught is None else f"seed {caught[0]} | {caught[1][:100]}"
        sys.stdout.write(f"| {name} | {shown} |\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    from tests.simulation.__main__ import in_fixed_order

    in_fixed_order("tests.simulation.mutants", sys.argv[1])
    sys.exit(main(sys.argv[1]))
