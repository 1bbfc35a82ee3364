"""Carry the state of each account over: into the changelogs of the new workers, and beside them.

A new partition is written in one transaction with a note that it is done. The topic `origin` keeps
what the changelog begins with, so that the new log can be decided again from its first event.
"""

from collections.abc import Sequence

from confluent_kafka import TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.splitting import Part, State, same_state, split
from pipeline.repartition.state import Stored, read_state
from pipeline.repartition.target import Target
from pipeline.risk.account.account import Shared
from pipeline.risk.account.records import Applied
from pipeline.risk.state import STATE_VERSION
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.cluster import id_of
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.engine.keepers import changelog_headers
from pipeline.streams.engine.partition_store import OURS, PartitionStore
from pipeline.streams.role_interface import Place
from pipeline.streams.roles.decide.account_store import SHARED, account_key
from topics import codec
from topics.fields import EVERYONE
from topics.origins import ORIGIN
from topics.snapshots import Snapshot

__all__ = ["BEGIN", "Carrier", "Notes"]

BEGIN = 1  # The first offset of the new `events` to decide; before it is the origin.


class Notes:
    """What is done, as offsets of a group that nobody joins; each is in the transaction itself."""

    def __init__(self, broker: Broker) -> None:
        self.name = broker.settings.group(ORIGIN)
        self._consumer = outsider(broker, self.name)

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()

    def of(self, places: Sequence[Place]) -> dict[Place, int]:
        """Return what is noted of places."""
        return committed(self._consumer, places)

    def group(self) -> GroupMetadata:
        """Return as whom notes are committed."""
        found: GroupMetadata = self._consumer.consumer_group_metadata()
        return found


class Carrier:
    """Write and check the partitions of the new deployment."""

    def __init__(
        self, target: Target, changelogs: list[str], *, transaction: Transaction, notes: Notes
    ) -> None:
        self._target = target
        self._changelogs = changelogs
        self._transaction = transaction
        self._notes = notes
        self._origin = target.new.settings.topic(ORIGIN)
        self._ids = {name: id_of(target.new.settings, name) for name in changelogs}

    def carry(self, stored: Stored, partition: int) -> int:
        """Write what follows an old partition, check it, and return how many accounts it has.

        Raise StartupError when what can be read of it is not what was carried over.
        """
        old, new = self._target.old.settings.partitions, self._target.new.settings.partitions
        parts = split(stored.state, partition=partition, old=old, new=new)
        done = self._notes.of([(self._origin, part.number) for part in parts])
        for part in parts:
            if (self._origin, part.number) not in done:
                self._write(part)
        self._check(stored.state, parts, partition)
        return sum(len(part.accounts) for part in parts)

    def _write(self, part: Part) -> None:
        sent, place = self._transaction, (self._origin, part.number)
        headers = changelog_headers((self._target.new.settings.topic("events"), part.number), BEGIN)
        sent.begin()
        for name in self._changelogs:
            store = PartitionStore(_nothing_there, changelog_id=self._ids[name])
            for key, value in part.state.items():
                store.set(key, value)
            store.freeze()
            for key, written in store.changes(BEGIN, mark=None, outputs={}):
                sent.send((name, part.number), key, value=written, headers=headers)
        for key, value in part.state.items():
            sent.send(place, OURS + key, value=value)
        self._snapshots(part)
        sent.flush()
        self._commit(place)

    def _commit(self, place: Place) -> None:
        """Commit the transaction: until this call returns, there is nothing."""
        self._transaction.commit([([TopicPartition(*place, BEGIN)], self._notes.group())])

    def _snapshots(self, part: Part) -> None:
        """Write what an archive and a recording of the new log begin with."""
        place = self._target.new.settings.topic("snapshots"), part.number
        for account in part.accounts:
            state = part.state[account_key(account.account_id)]
            value = codec.encode(_snapshot(account.account_id, state, account.applied))
            self._transaction.send(place, account.account_id.encode(), value=value)
        if part.shared is not None:
            value = codec.encode(_snapshot(EVERYONE, part.state[SHARED], part.shared))
            self._transaction.send(place, EVERYONE.encode(), value=value)

    def _check(self, state: State, parts: list[Part], partition: int) -> None:
        """Read back what is written: each account must be as it was, in every copy."""
        for topic in (*self._changelogs, self._origin):
            found = {
                part.number: read_state(self._target.new, topic, part.number) for part in parts
            }
            states = {number: each.state for number, each in found.items()}
            problems = same_state(state, states, partition=partition)
            if topic != self._origin:
                problems += _unusable(found, self._ids[topic])
            if problems:
                more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
                raise StartupError(
                    f"{topic} does not hold what was carried over of partition {partition}: "
                    f"{problems[0]}{more}; go back with riskgate repartition --back, and try again"
                )


def _unusable(found: dict[int, Stored], changelog_id: str) -> list[str]:
    return [
        f"its partition {number} is not at offset {BEGIN}, or of another topic"
        for number, each in found.items()
        if each.applied != BEGIN or each.changelog_id != changelog_id
    ]


def _snapshot(account_id: str, state: bytes, applied: Applied | Shared) -> Snapshot:
    return Snapshot(
        account_id=account_id,
        state_version=STATE_VERSION,
        state=state,
        offset=BEGIN - 1,
        sequence=applied.sequence,
        chain=applied.chain,
        rules_version=rules_version(),
        at_ms=applied.clock_ms,
    )


def _nothing_there(_: bytes) -> None:
    """Read a disk on which there is nothing."""
