"""Save the accounts of all owned partitions as of one barrier, and their snapshots with them.

Apart from decide.py because it runs beside the decisions, a small step at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from pipeline.risk.account.account import Shared
from pipeline.risk.boundaries import problem_of
from pipeline.risk.state import STATE_VERSION
from pipeline.streams.observe import metrics
from pipeline.streams.role_interface import Produce, Record
from pipeline.streams.roles.decide.owned import Owned
from pipeline.streams.roles.decide.partition_accounts import Saved
from pipeline.streams.roles.decide.quarantines import INTERNAL
from topics import codec
from topics.snapshots import Snapshot

__all__ = ["Failure", "Saving"]


class Failure(NamedTuple):
    """An account whose state or row cannot be written."""

    account_id: str
    owned: Owned
    problem: str
    last: Mapping[str, Record]  # The last event of each account.


class _Save:
    """A partition as it is at the barrier."""

    def __init__(self, owned: Owned) -> None:
        self.owned = owned
        self.next, self.at_ms = owned.next, owned.at_ms
        self.accounts = owned.accounts.save()
        next(self.accounts)
        self.last, owned.last = owned.last, {}
        # Whoever reads snapshots wants the state that belongs to what was published.
        self.is_silent = owned.is_silent()


class Saving:
    """Write snapshots, and report the accounts that cannot be saved."""

    def __init__(
        self,
        topic: str,
        produce: Produce,
        *,
        rules_version: str,
        on_failure: Callable[[Failure], None],
    ) -> None:
        self._topic = topic
        self._produce = produce  # In the transaction of the state.
        self._rules_version = rules_version
        self._fail = on_failure

    def checkpoint(self, owned: Iterable[Owned]) -> Iterator[None]:
        """Take the barrier up to the first `yield`; save an account or so with each one more."""
        saves = [_Save(each) for each in owned]
        yield
        largest = 0
        for save in saves:
            for saved in save.accounts:
                if saved is not None:
                    self._finish(saved, save)
                    largest = max(largest, len(saved.state))
                yield
        if largest:
            metrics.ACCOUNT_BYTES.observe(largest)

    def _finish(self, saved: Saved, save: _Save) -> None:
        problem = saved.problem
        if problem is None and saved.snapshot_due and not save.is_silent:
            problem = self._write_snapshot(saved, save)
        if problem is not None:
            self._fail(Failure(saved.account_id, save.owned, problem, save.last))
        save.last.pop(saved.account_id, None)  # One by one: to free them all at once takes long.

    def _write_snapshot(self, saved: Saved, save: _Save) -> str | None:
        """Send a snapshot with the state; return why it cannot be written, when it cannot."""
        record = saved.record
        applied = record if isinstance(record, Shared) else record.applied
        snapshot = Snapshot(
            account_id=saved.account_id,
            state_version=STATE_VERSION,
            state=saved.state,
            offset=save.next - 1,
            sequence=applied.sequence,
            chain=applied.chain,
            rules_version=self._rules_version,
            at_ms=save.at_ms,
        )
        try:
            value = codec.encode(snapshot)
        except Exception as error:  # noqa: BLE001  One account must not end every worker for good.
            return INTERNAL + problem_of(error)
        key = saved.account_id.encode()
        self._produce(self._topic, key=key, value=value, partition=save.owned.number)
        return None
