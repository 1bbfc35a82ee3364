"""Copy the inputs that are more than messages to be decided once: instruments, limits, prices.

Instruments and prices are tables that every worker reads whole; limits are the log from which the
next version follows. Ingest of the new deployment begins behind the copies, since all of them took
effect before.
"""

import time
from contextlib import closing
from itertools import islice

from confluent_kafka import Message, TopicPartition

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.carrying import Notes
from pipeline.repartition.drained import Ends, ends_of
from pipeline.repartition.target import Target, of_set
from pipeline.replay.comparison import Span
from pipeline.replay.tapes import read, to_bytes
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.clients.group_offsets import metadata_of, outsider
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.input_groups import inputs_of
from pipeline.streams.role_interface import Place

__all__ = ["COPIED", "Copier"]

ANSWER_SECONDS_MAX = 10.0
COPIED = ("instruments", "limits", "prices")
TOGETHER = 50_000  # Records of one transaction.


class Copier:
    """Copy each old partition, in transactions that note how far they came."""

    def __init__(
        self, target: Target, replicas: list[str], *, transaction: Transaction, notes: Notes
    ) -> None:
        self._target = target
        self._transaction = transaction
        self._notes = notes
        self._counts: dict[str, int] = {}  # Partitions of the new topics.
        sets = [of_set(target.new.settings, replica) for replica in replicas]
        self._readers = {
            target.new.settings.topic(name): [
                group
                for each in sets
                for group, topics in inputs_of(each).items()
                if each.topic(name) in topics
            ]
            for name in COPIED
        }

    def copy(self, name: str) -> int:
        """Copy a topic as far as it goes now, and return how many records that were.

        Raise StartupError when somebody wrote to the new topic before: ingest would pass that over.
        """
        topic, copied = self._target.old.settings.topic(name), 0
        ends = ends_of(self._target.old, [topic])
        noted = self._notes.of(list(ends))
        if not noted:
            self._require_empty(name)
        since = self._since(name, ends)
        for place, log in sorted(ends.items()):
            begin = noted.get(place, since.get(place, log.begin))
            copied += self._copy(Span(name, place[1], begin, log.end))
        return copied

    def _require_empty(self, name: str) -> None:
        broker = self._target.new
        for place, log in ends_of(broker, [broker.settings.topic(name)]).items():
            if log.begin == log.end:
                continue
            # Of a killed run there may be records that were never committed.
            with closing(read(broker, Span(name, place[1], log.begin, log.end))) as records:
                if next(records, None) is not None:
                    raise StartupError(
                        f"{place[0]} has records that riskgate repartition did not copy; let "
                        "nobody write there yet, go back with --back, and run it again"
                    )

    def _since(self, name: str, ends: dict[Place, Ends]) -> dict[Place, int]:
        """Return where a copy of `prices` begins: older ones are in no table."""
        if name != "prices":
            return {}
        broker = self._target.old
        since_ms = int(time.time() * 1000) - broker.settings.price_history_ms
        asked = [TopicPartition(*place, since_ms) for place in ends]
        with closing(outsider(broker, broker.settings.group("operator"))) as asking:
            found = require_answers(asking.offsets_for_times(asked, timeout=ANSWER_SECONDS_MAX))
        starts = {(each.topic, each.partition): each.offset for each in found}
        return {place: at if at >= 0 else ends[place].end for place, at in starts.items()}

    def _copy(self, what: Span) -> int:
        copied = 0
        with closing(read(self._target.old, what)) as records:
            while together := list(islice(records, TOGETHER)):
                self._write(what, together)
                copied += len(together)
        return copied

    def _write(self, what: Span, records: list[Message]) -> None:
        new = self._target.new.settings
        topic = new.topic(what.topic)
        self._transaction.begin()
        for record in records:
            key, value = record.key(), record.value()
            number = self._partition(topic, key, record)
            self._transaction.send(
                (topic, number),
                None if key is None else to_bytes(key),
                value=None if value is None else to_bytes(value),
                headers=[(each, content) for each, content in record.headers() or []],
                timestamp_ms=max(record.timestamp()[1], 0),
            )
        last = self._transaction.flush()
        old = self._target.old.settings.topic(what.topic), what.partition
        note = TopicPartition(*old, (records[-1].offset() or 0) + 1)
        read_on = [TopicPartition(*place, offset + 1) for place, offset in last.items()]
        groups = [(read_on, metadata_of(self._target.new, group)) for group in self._readers[topic]]
        self._transaction.commit([([note], self._notes.group()), *groups])

    def _partition(self, topic: str, key: bytes | str | None, record: Message) -> int:
        count = self._counts.get(topic)
        if count is None:
            admin = self._target.new.admin()
            count = len(self._target.new.metadata(admin).topics[topic].partitions)
            self._counts[topic] = count
        if key is None:
            return (record.partition() or 0) % count
        return partition_of(to_bytes(key).decode(errors="replace"), count)
