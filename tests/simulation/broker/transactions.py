"""The coordinator of transactions: who may write under an id, and what of it counts.

As KIP-98 and KIP-447 describe it, without KIP-890's second part, which Kafka's C client does not
speak: an id has one epoch at a time; a decided transaction is marked in each partition a little
later, and until then its id takes no other one.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from confluent_kafka import KafkaError

from tests.simulation.broker.groups import Groups, MemberName
from tests.simulation.broker.log import Log, Refused, Transaction
from tests.simulation.kernel import Kernel

__all__ = ["Batch", "Coordinator"]

MARKER_SECONDS_MAX = 0.004
Place = tuple[str, int]


class _Identity:
    def __init__(self, timeout_s: float) -> None:
        self.epoch = 0
        self.timeout_s = timeout_s
        self.transaction: Transaction | None = None  # Until its last marker is written.
        self.result: tuple[int, bool] | None = None  # Of the last one: its epoch, and if committed.


class Batch(NamedTuple):
    """Offsets that a transaction commits, in whose name."""

    group: str
    member: MemberName
    offsets: dict[Place, tuple[int, str]]


class Coordinator:
    """All transactional ids of the cluster."""

    def __init__(
        self, kernel: Kernel, groups: Groups, log_of: Callable[[Place], Log], *, scan_s: float
    ) -> None:
        self.on_change: Callable[[Place], None] = lambda _: None  # More of a log is stable.
        self.marker_s_max = MARKER_SECONDS_MAX
        self._kernel = kernel
        self._groups = groups
        self._log_of = log_of
        self._identities: dict[str, _Identity] = {}
        self._scan_s = scan_s
        kernel.after(scan_s, self._scan)

    def begin_life(self, name: str, timeout_s: float) -> int:
        """Fence all earlier producers of an id and abort what they left; return the new epoch.

        Raise Refused with CONCURRENT_TRANSACTIONS while that is not done.
        """
        identity = self._identities.setdefault(name, _Identity(timeout_s))
        identity.timeout_s = timeout_s
        if identity.transaction is not None:
            if identity.transaction.state == "open":
                identity.epoch += 1
                self._decide(identity, "aborting")
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)
        identity.epoch += 1
        return identity.epoch

    def joining(self, name: str, epoch: int) -> Transaction:
        """Return the open transaction of a producer, a new one if need be; else raise Refused."""
        identity = self._identity(name, epoch)
        if identity.transaction is None:
            identity.transaction = Transaction(name, epoch, self._kernel.now_s)
        if identity.transaction.state != "open":
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)
        return identity.transaction

    def add_offsets(self, name: str, epoch: int, batch: Batch) -> None:
        """Let a transaction commit offsets of a group. Raise Refused if its member may not."""
        transaction = self.joining(name, epoch)
        self._groups.check_commit(batch.group, batch.member)
        transaction.offsets.setdefault(batch.group, {}).update(batch.offsets)
        self._groups.pend(batch.group, transaction, batch.offsets)

    def end(self, name: str, epoch: int, *, commits: bool) -> None:
        """Decide a transaction; asked again, give the same answer."""
        identity = self._identity(name, epoch)
        transaction = identity.transaction
        if transaction is None:
            if identity.result == (epoch, commits):
                return
            raise Refused(KafkaError.INVALID_TXN_STATE)
        if transaction.state == "open":
            self._decide(identity, "committing" if commits else "aborting")
        elif (transaction.state == "committing") != commits:
            raise Refused(KafkaError.INVALID_TXN_STATE)

    def _identity(self, name: str, epoch: int) -> _Identity:
        identity = self._identities[name]
        if identity.epoch != epoch:
            raise Refused(KafkaError.INVALID_PRODUCER_EPOCH)
        return identity

    def _decide(self, identity: _Identity, state: str) -> None:
        transaction = identity.transaction
        assert transaction is not None
        transaction.state = "committing" if state == "committing" else "aborting"
        for place in sorted(transaction.places):
            delay_s = self._kernel.random.uniform(0, self.marker_s_max)
            self._kernel.after(delay_s, partial(self._mark, identity, place))
        if transaction.offsets:
            delay_s = self._kernel.random.uniform(0, self.marker_s_max)
            self._kernel.after(delay_s, lambda: self._mark_offsets(identity))
        self._finish(identity)  # At once, where nothing was written.

    def _mark(self, identity: _Identity, place: Place) -> None:
        transaction = identity.transaction
        assert transaction is not None
        self._log_of(place).mark(transaction, int(self._kernel.now_s * 1000))
        transaction.places.discard(place)
        self.on_change(place)
        self._finish(identity)

    def _mark_offsets(self, identity: _Identity) -> None:
        transaction = identity.transaction
        assert transaction is not None
        for group, offsets in transaction.offsets.items():
            commits = offsets if transaction.state == "committing" else {}
            self._groups.settle(group, transaction, commits)
        transaction.offsets.clear()
        self._finish(identity)

    def _finish(self, identity: _Identity) -> None:
        transaction = identity.transaction
        assert transaction is not None
        if transaction.places or transaction.offsets:
            return
        commits = transaction.state == "committing"
        transaction.state = "committed" if commits else "aborted"
        identity.result = transaction.epoch, commits
        identity.transaction = None

    def _scan(self) -> None:
        """Abort what has been open for too long, and fence its producer."""
        for identity in self._identities.values():
            transaction = identity.transaction
            if transaction is None or transaction.state != "open":
                continue
            if self._kernel.now_s - transaction.began_s > identity.timeout_s:
                identity.epoch += 1
                self._decide(identity, "aborting")
        self._kernel.after(self._scan_s, self._scan)
