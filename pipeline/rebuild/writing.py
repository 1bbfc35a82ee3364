"""Write the state of a partition and the group's offset, in one transaction.

A worker takes a state for whole only with its key `applied`, and that and the offset are in the
same transaction as all else: killed before its end, nothing was written.
"""

from collections.abc import Iterator, Mapping

from confluent_kafka import KafkaError, Message, Producer, TopicPartition

from pipeline.errors import StartupError
from pipeline.rebuild.again import Decided
from pipeline.rebuild.group import SoleMember
from pipeline.streams.client_settings import PRODUCER
from pipeline.streams.clients.broker import Broker
from pipeline.streams.engine.keepers import changelog_headers
from pipeline.streams.engine.partition_store import CHANGELOG
from pipeline.streams.role_interface import Headers, Place, changelog_name
from pipeline.streams.role_names import RoleName

__all__ = ["StateWriter"]

TRANSACTION_SECONDS_MAX = 30.0  # After a kill a worker waits so long before it says what is lost.
CALL_SECONDS_MAX = 30.0
WAIT_SECONDS = 0.1

Change = tuple[bytes, bytes | None]
Changes = Iterator[Change]


class StateWriter:
    """A transactional producer whose name aborts what a killed rebuild left open."""

    def __init__(self, broker: Broker, member: SoleMember) -> None:
        settings = broker.settings
        self._member = member
        self._events = settings.topic("events")
        self._snapshots = settings.topic("snapshots")
        self.changelog = changelog_name(settings.role_group(RoleName.RISK), self._events)
        self._refusal: KafkaError | None = None
        self._producer = Producer(
            {
                **PRODUCER,
                **broker.properties(),
                "transactional.id": f"{settings.role_group(RoleName.RISK)}-rebuild",
                "transaction.timeout.ms": int(TRANSACTION_SECONDS_MAX * 1000),
            }
        )
        self._producer.init_transactions(CALL_SECONDS_MAX)

    def write(
        self, place: Place, decided: Decided, *, changelog_id: str, outputs: Mapping[str, int]
    ) -> None:
        """Write a partition, and commit. Raise StartupError when Kafka refuses a record.

        outputs: by topic, the first offset that an output of a later event may have.
        """
        headers = changelog_headers(place, decided.position)
        self._producer.begin_transaction()
        decided.store.freeze()
        changes = decided.store.changes(decided.position, mark=decided.mark, outputs=outputs)
        for key, value in _in_order(changes, changelog_id):
            self._send((self.changelog, place[1]), (key, value), headers)
        for key, value in decided.snapshots.taken:
            self._send((self._snapshots, place[1]), (key, value), [])
        self._flush()
        self._commit(TopicPartition(*place, decided.position))

    def _commit(self, position: TopicPartition) -> None:
        """Commit the transaction: until this call returns, there is nothing."""
        member = self._member.metadata()
        self._producer.send_offsets_to_transaction([position], member, CALL_SECONDS_MAX)
        self._producer.commit_transaction(CALL_SECONDS_MAX)

    def _flush(self) -> None:
        left = self._producer.flush(TRANSACTION_SECONDS_MAX / 2)
        if left or self._refusal is not None:
            reason = "no answer" if self._refusal is None else self._refusal.str()
            raise StartupError(
                f"Kafka did not take the state ({reason}), so nothing of it counts; see its "
                "brokers, and run riskgate rebuild again"
            )

    def _send(self, place: Place, change: Change, headers: Headers) -> None:
        (topic, number), (key, value) = place, change
        while True:
            try:
                self._producer.produce(topic, value, key, number, self._note, headers=headers)
            except BufferError:
                self._producer.poll(WAIT_SECONDS)
            else:
                self._producer.poll(0)
                return

    def _note(self, error: KafkaError | None, _: Message) -> None:
        self._refusal = self._refusal or error


def _in_order(changes: Changes, changelog_id: str) -> Changes:
    """Put the changelog's id first, and leave out what was deleted again: it never was there.

    A disk that belongs to a changelog before this one, and is not longer, is restored from a later
    offset on. So it keeps the id of its own, and its worker refuses it.
    """
    yield CHANGELOG, changelog_id.encode()
    yield from ((key, value) for key, value in changes if key != CHANGELOG and value is not None)
