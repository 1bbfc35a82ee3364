"""Write the state of a partition and the group's offset, in one transaction.

A worker takes a state for whole only with its key `applied`, and that and the offset are in the
same transaction as all else: killed before its end, nothing was written.
"""

from collections.abc import Iterator, Mapping

from confluent_kafka import TopicPartition

from pipeline.rebuild.again import Decided
from pipeline.rebuild.group import SoleMember
from pipeline.rebuild.transaction import Transaction
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.topic_plan import risk_changelog
from pipeline.streams.engine.keepers import changelog_headers
from pipeline.streams.engine.partition_store import CHANGELOG
from pipeline.streams.role_interface import Place
from pipeline.streams.role_names import RoleName

__all__ = ["StateWriter"]

TRANSACTION_SECONDS_MAX = 30.0  # After a kill a worker waits so long before it says what is lost.

Change = tuple[bytes, bytes | None]
Changes = Iterator[Change]


class StateWriter:
    """Write state in transactions whose name aborts what a killed rebuild left open."""

    def __init__(self, broker: Broker, member: SoleMember) -> None:
        settings = broker.settings
        self._member = member
        self._snapshots = settings.topic("snapshots")
        self.changelog = risk_changelog(settings)
        self._transaction = Transaction(
            broker,
            f"{settings.role_group(RoleName.RISK)}-rebuild",
            seconds_max=TRANSACTION_SECONDS_MAX,
            command="riskgate rebuild",
        )

    def write(
        self, place: Place, decided: Decided, *, changelog_id: str, outputs: Mapping[str, int]
    ) -> None:
        """Write a partition, and commit. Raise StartupError when Kafka refuses a record.

        outputs: by topic, the first offset that an output of a later event may have.
        """
        headers, sent = changelog_headers(place, decided.position), self._transaction
        sent.begin()
        decided.store.freeze()
        changes = decided.store.changes(decided.position, mark=decided.mark, outputs=outputs)
        for key, value in _in_order(changes, changelog_id):
            sent.send((self.changelog, place[1]), key, value=value, headers=headers)
        for key, value in decided.snapshots.taken:
            sent.send((self._snapshots, place[1]), key, value=value)
        sent.flush()
        self._commit(TopicPartition(*place, decided.position))

    def _commit(self, position: TopicPartition) -> None:
        """Commit the transaction: until this call returns, there is nothing."""
        self._transaction.commit([([position], self._member.metadata())])


def _in_order(changes: Changes, changelog_id: str) -> Changes:
    """Put the changelog's id first, and leave out what was deleted again: it never was there.

    A disk that belongs to a changelog before this one, and is not longer, is restored from a later
    offset on. So it keeps the id of its own, and its worker refuses it.
    """
    yield CHANGELOG, changelog_id.encode()
    yield from ((key, value) for key, value in changes if key != CHANGELOG and value is not None)
