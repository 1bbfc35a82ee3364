"""Decide a recorded log again: lines of `events`, after the snapshots that its accounts begin from.

Apart from machine.py, which makes events out of inputs: here they are those of the log, so what
comes out has the bytes of what was published. Other lines are outputs, which are passed over.
"""

import sys
from typing import NamedTuple

from pipeline.errors import StartupError
from pipeline.replay.changes import Changes
from pipeline.replay.machine import Line
from pipeline.replay.memory import MemoryStore
from pipeline.replay.partition import Observe
from pipeline.replay.starts import load_snapshot
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.report import account_state
from pipeline.risk.state import save_account
from pipeline.risk.step import Step, topic_of
from pipeline.risk.structs import replace
from pipeline.rules_version import rules_version
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.decide import read_event
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from topics.account_states import TOPIC as STATES
from topics.codec import DecodeError, decode_as, encode
from topics.events import TOPIC as EVENTS
from topics.snapshots import TOPIC as SNAPSHOTS
from topics.snapshots import Snapshot

__all__ = ["LogPlayer"]


class _Last(NamedTuple):
    account: Account
    shared: Shared


class LogPlayer:
    """Decide the lines of a log in order; each call returns the outputs."""

    def __init__(self, changes: Changes, observe: Observe | None = None) -> None:
        self._changes = changes
        self._observe = observe
        self._partitions: dict[int, _Partition] = {}

    def feed(self, line: Line) -> list[Line]:
        """Apply a line. Raise StartupError for one that riskgate did not write."""
        if line.topic not in {EVENTS.name, SNAPSHOTS.name}:
            return []
        partition = self._partitions.get(line.partition)
        if partition is None:
            partition = _Partition(line.partition, self._changes, self._observe)
            self._partitions[line.partition] = partition
        try:
            if line.topic == SNAPSHOTS.name:
                partition.begin_from(decode_as(Snapshot, line.value or b""))
                return []
            return partition.apply(line)
        except DecodeError as error:
            raise StartupError(
                f"the recorded log holds a line of {line.topic} at offset {line.offset} of "
                f"partition {line.partition} that is none: {error}"
            ) from error

    def finish(self) -> list[Line]:
        """Return the state of each account after its last event."""
        last = [each for one in self._partitions.values() for each in one.last.values()]
        return [_row(each) for each in sorted(last, key=lambda each: each.account.account_id)]


class _Partition:
    def __init__(self, number: int, changes: Changes, observe: Observe | None) -> None:
        self.last: dict[str, _Last] = {}
        self._number = number
        self._changes = changes
        self._observe = observe
        self._store = MemoryStore()
        self._begins: dict[str, int] = {}  # The offset after which an account begins.
        self._accounts: PartitionAccounts | None = None

    def begin_from(self, snapshot: Snapshot) -> None:
        """Let an account, or `*`, begin from its snapshot; one after the first event is no more."""
        if self._accounts is not None:
            return
        record, _ = load_snapshot(snapshot, partition=self._number)
        store, limits = AccountStore(self._store), self._changes.document(record.limits)
        if isinstance(record, Shared):
            store.save_shared(replace(record, limits=limits))
        else:
            store.save_account(record.account_id, save_account(replace(record, limits=limits)))
        self._begins[snapshot.account_id] = snapshot.offset

    def apply(self, line: Line) -> list[Line]:
        """Decide an event, and whatever the changes make of it."""
        accounts = self._accounts or self._begin()
        out: list[Line] = []
        if (line.offset or 0) <= self._begins.get((line.key or b"").decode(), -1):
            return out
        at_ms = line.timestamp_ms
        for content in self._changes.events(line.value or b"", at_ms):
            event = read_event(content)
            taken = accounts.apply(event, content, at_ms)
            if self._observe is not None:
                self._observe(event, taken, at_ms)
            out += self._outputs(event.account_id, taken, at_ms)
        return out

    def _begin(self) -> PartitionAccounts:
        self._accounts = accounts = PartitionAccounts(
            self._store,
            partition=self._number,
            rules_version=rules_version(),
            kept_max=sys.maxsize,
        )
        shared = accounts.shared
        if not self._begins:  # Else it was changed already.
            accounts.shared = replace(shared, limits=self._changes.document(shared.limits))
        return accounts

    def _outputs(self, account_id: str, taken: Step, at_ms: int) -> list[Line]:
        key = account_id.encode()
        out = [Line(topic_of(each), key, at_ms, encode(each)) for each in taken.outputs]
        if taken.account is not None and not taken.repeated:
            last = _Last(taken.account, taken.shared)
            self.last[account_id] = last
            if taken.state_due:
                out.append(_row(last))
        return out


def _row(last: _Last) -> Line:
    row = account_state(last.account, last.shared)
    return Line(STATES.name, row.account_id.encode(), row.at_ms, encode(row))
