"""The ingest role: turns each input record into an event of the one log, using wrap.py.

It is stateless and writes at least once; risk skips repetitions. Events of `*` go to every
partition. Instruments are read here only so that an invalid one becomes one dead letter; they cause
an event only when several name the same currency pair.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.dead_letter import dead_key, dead_letter
from pipeline.streams.input_groups import OPERATED, OTHERS, STREAMS
from pipeline.streams.observe import metrics
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import (
    NOTHING,
    Partition,
    Produce,
    Published,
    Record,
    Store,
    Unreadable,
)
from pipeline.streams.roles.ingest.floods import Floods
from pipeline.streams.roles.ingest.wrap import Stream, Wrapped, Wrapping
from pipeline.streams.settings import Settings
from pipeline.streams.tables.input_record import read, withdrawn
from pipeline.streams.tables.tables import Tables
from topics import codec
from topics.catalogue import topic_of
from topics.codec import DecodeError, unknown_fields
from topics.dead_letters import DeadLetter
from topics.instruments import TOPIC as INSTRUMENTS
from topics.signals import TOPIC as SIGNALS

__all__ = [
    "Ingest",
    "IngestOfOperated",
    "IngestOfOthers",
    "rank_of",
]

logger = logging.getLogger(__name__)

# Of what was read together, first what stops, then what says what is held; signals come last.
_IN_TURN = ("controls", "limits", "fills", "orders", "positions", "accounts", "instruments")


def rank_of(name: str) -> int:
    """Return the place of a topic among those whose records were read together."""
    held = topic_of(name).name
    return _IN_TURN.index(held) if held in _IN_TURN else len(_IN_TURN)


def _now_ms() -> int:
    return int(time.time() * 1000)


class Raised(NamedTuple):
    """A record that failed through a fault of riskgate, not of its sender."""

    letter: DeadLetter


class Ingest:
    """A Role of the engine that wraps records and writes events."""

    streams = STREAMS

    def __init__(  # noqa: PLR0913 - What each role needs, and a clock for replay.
        self,
        settings: Settings,
        tables: Tables,
        *,
        produce: Produce,
        tally: Tally,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        self._produce = produce
        self._tally = tally
        self._partitions = range(settings.partitions)
        self._wrapping = Wrapping(tables, event_bytes_max=settings.event_bytes_max, now_ms=now_ms)
        self._prefix = settings.topic_prefix
        self._streams: dict[str, Stream] = {}  # By the full name of the topic.
        self._events = settings.topic("events")
        self._dead_letters = settings.topic("dead_letters")
        for topic in self.streams:  # Start at 0, or the first count is no increase.
            metrics.RECORDS.labels(topic.name)
            for error in ("undecodable", "internal", "unreadable"):
                metrics.DEAD_LETTERS.labels(topic.name, error)
            if topic is not SIGNALS:
                metrics.UNKNOWN_FIELDS.labels(topic.name)

    def assign(
        self, partition: Partition, store: Store | None, published: Published = NOTHING
    ) -> None:
        """Note which topic of this name it is, and what it holds."""
        del store, published
        name = partition.topic.removeprefix(self._prefix)
        self._streams[partition.topic] = Stream(name, topic_of(name), partition.topic_id)

    def revoke(self, partition: Partition) -> None:
        """Do nothing: ingest has no state of a partition."""

    def apply(self, record: Record) -> None:
        """Write the result of a record: an event, an event to all partitions, or a dead letter."""
        stream = self._streams[record.topic]
        self._tally.read(stream.name, record.timestamp_ms)
        became = self._become_or_raised(record, stream)
        match became:
            case Wrapped(for_everyone=True):
                self._write_to_all(became)
            case Wrapped():
                # Our own partition count: librdkafka's would change if somebody added partitions.
                partition = partition_of(became.key.decode(), len(self._partitions))
                self._produce(self._events, key=became.key, value=became.value, partition=partition)
            case DeadLetter():
                self._dead_letter(became, record.key, "undecodable")
            case Raised(letter):
                self._dead_letter(letter, record.key, "internal")
            case None:
                pass

    def step_over(self, batch: Unreadable) -> None:
        """Write a dead letter, with the offsets alone, for a batch that cannot be decompressed."""
        letter = _letter(batch.record(), batch.error, self._streams[batch.topic])
        self._dead_letter(letter, None, "unreadable")

    def publish(self) -> None:
        """Write an event for each currency pair that the tables found in several instruments."""
        try:
            conflicts = self._wrapping.conflicts()
        except Exception:
            logger.exception("conflicts of currency pairs could not be written")
            self._tally.count(metrics.DEAD_LETTERS, INSTRUMENTS.name, "internal")
            return
        for conflict in conflicts:
            self._write_to_all(conflict)

    def checkpoint(self) -> Iterator[None]:
        """Nothing is held that would have to be saved."""
        yield

    def _write_to_all(self, wrapped: Wrapped) -> None:
        for partition in self._partitions:
            self._produce(self._events, key=wrapped.key, value=wrapped.value, partition=partition)

    def _become_or_raised(
        self, record: Record, stream: Stream
    ) -> "Wrapped | DeadLetter | Raised | None":
        """Return the result of a record, whatever it holds: no record may end every ingest."""
        try:
            became = _become(record, stream, self._wrapping)
            if record.value is not None and not isinstance(became, DeadLetter):
                self._count_unknown(stream, record.value)
        except Exception as error:
            place = record.topic, record.partition, record.offset
            logger.exception("%s[%d] at %d could not be handled", *place)
            problem = DecodeError(f"internal: {type(error).__name__}")
            return Raised(_letter(record, problem, stream))
        return became

    def _count_unknown(self, stream: Stream, value: bytes) -> None:
        if stream.topic is not SIGNALS:  # A signal with an unknown field is a dead letter.
            found = unknown_fields(stream.topic, value)
            if found:
                self._tally.count(metrics.UNKNOWN_FIELDS, stream.name, times=found)

    def _dead_letter(self, letter: DeadLetter, key: bytes | None, kind: str) -> None:
        self._tally.count(metrics.DEAD_LETTERS, letter.source.topic, kind)
        self._produce(self._dead_letters, key=dead_key(key), value=codec.encode(letter))


def _become(record: Record, stream: Stream, wrapping: Wrapping) -> Wrapped | DeadLetter | None:
    if stream.topic.key == "account_id":
        return wrapping.wrap(record, stream)
    if withdrawn(record, stream.topic) is not None:
        return None
    try:
        read(record, stream.topic)
    except DecodeError as error:
        return _letter(record, error, stream)
    return None


def _letter(record: Record, error: DecodeError, stream: Stream) -> DeadLetter:
    return dead_letter(record, error, topic=stream.name, topic_id=stream.topic_id)


class IngestOfOperated(Ingest):
    """Ingest of controls and limits."""

    streams = OPERATED


class IngestOfOthers(Ingest):
    """Ingest of all inputs except controls and limits; it cuts floods of signals."""

    streams = OTHERS

    def __init__(  # noqa: PLR0913 - As above.
        self,
        settings: Settings,
        tables: Tables,
        *,
        produce: Produce,
        tally: Tally,
        floods: Floods | None = None,
    ) -> None:
        super().__init__(settings, tables, produce=produce, tally=tally)
        self._floods = floods or Floods(settings.signal_rate_max)
        for name in (SIGNALS.name, *settings.signal_topics):  # As above: counts start at 0.
            metrics.SIGNALS_CUT.labels(name)
            metrics.DEAD_LETTERS.labels(name, "flood")

    def revoke(self, partition: Partition) -> None:
        """Forget what was cut after the last commit: whoever reads it again reports it."""
        self._floods.drop(partition.topic, partition.partition)

    def apply(self, record: Record) -> None:
        """Write what a record becomes, unless it is one signal too many."""
        if self._streams[record.topic].topic is SIGNALS and self._floods.cuts(record):
            return
        super().apply(record)

    def checkpoint(self) -> Iterator[None]:
        """Report what was cut: its offsets are not committed before its dead letter is there."""
        for cut in self._floods.take():
            stream = self._streams[cut.first.topic]
            self._tally.count(metrics.RECORDS, stream.name, times=cut.signals)
            self._tally.count(metrics.SIGNALS_CUT, stream.name, times=cut.signals)
            letter = _letter(cut.first, cut.error, stream)
            self._dead_letter(letter, cut.first.key, "flood")
        yield
