"""The `events` log in Kafka, one partition at a time, from the oldest event that can be decided.

Apart from what uses it: the comparison, other limits and the report.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import NamedTuple, cast

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, Message, TopicPartition

from pipeline.errors import NothingFoundError, StartupError
from pipeline.replay.comparison import COMPARED, Span
from pipeline.replay.memory import MemoryStore
from pipeline.replay.origins import load_origin
from pipeline.replay.starts import Start, find_start
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.read_to_end import operator_reader
from topics.codec import DecodeError, decode_as
from topics.events import FROM_BEFORE, Event, is_from_before
from topics.fields import EVERYONE
from topics.snapshots import Snapshot
from topics.topic import DAY_MS

__all__ = [
    "Log",
    "Recorded",
    "from_snapshots_before",
    "read_snapshots",
    "recorded",
    "recorded_event",
    "recorded_logs",
    "snapshot_records",
    "start_of",
]

ANSWER_SECONDS_MAX = 10.0
EVENTS = "events"
SNAPSHOTS = "snapshots"
BEFORE_MS = 2 * DAY_MS  # Each account writes a snapshot every day; a run begins at one of these.
ANY_EVENT = cast("type[Event]", Event)


class Log(NamedTuple):
    """The offsets to read of one partition: events that risk has decided, and their outputs."""

    events: Span
    outputs: tuple[Span, ...]
    snapshots: Span
    partitions: int  # The partition count of `events` on the broker.


class Recorded(NamedTuple):
    """One event of the log; None when it is older than its account's snapshot."""

    event: Event | None
    content: bytes
    at_ms: int  # Append time; if the record has none, that of the newest `*` event before it.
    offset: int


def recorded_logs(broker: Broker) -> list[Log]:
    """Return what each partition holds now. Raise NothingFoundError when none holds anything."""
    with closing(outsider(broker, broker.settings.role_group("risk"))) as consumer:
        count = _partitions(broker, consumer)
        places = [(broker.settings.topic(EVENTS), number) for number in range(count)]
        decided = committed(consumer, places)
        spans = [span(broker, consumer, EVENTS, number) for number in range(count)]
        ends = [decided.get(place, 0) for place in places]
        logs = [
            _log(broker, consumer, events._replace(end=min(events.end, end)), partitions=count)
            for events, end in zip(spans, ends, strict=True)
        ]
    if not any(events.end for events in spans):
        raise NothingFoundError(
            f"{broker.settings.topic(EVENTS)} has never had an event, so there is nothing "
            "to replay; name the topics with RISKGATE_TOPIC_PREFIX"
        )
    if all(log.events.begin >= log.events.end for log in logs):
        raise NothingFoundError(_why_nothing(broker, was_decided=bool(decided)))
    return logs


def _partitions(broker: Broker, consumer: Consumer) -> int:
    """Return the partition count. Raise BrokerError when the outputs have another one."""
    names = (EVENTS, *COMPARED, SNAPSHOTS)
    counts = broker.partitions(consumer, *names)
    for name, count in zip(names, counts, strict=True):
        if count != counts[0]:
            raise BrokerError(
                f"{broker.settings.topic(name)} has {count} partitions where "
                f"{broker.settings.topic(EVENTS)} has {counts[0]}: they do not belong together"
            )
    return counts[0]


def _why_nothing(broker: Broker, *, was_decided: bool) -> str:
    log, group = broker.settings.topic(EVENTS), broker.settings.role_group("risk")
    if not was_decided:
        return (
            f"The group {group} has decided nothing of {log}, so there is nothing to replay; "
            "name the group of the risk workers with RISKGATE_GROUP_PREFIX and RISKGATE_REPLICA"
        )
    return f"{log} no longer holds any event that {group} has decided"


def _log(broker: Broker, consumer: Consumer, events: Span, *, partitions: int) -> Log:
    number = events.partition
    return Log(
        events=events,
        outputs=tuple(span(broker, consumer, topic, number) for topic in COMPARED),
        snapshots=span(broker, consumer, SNAPSHOTS, number),
        partitions=partitions,
    )


def from_snapshots_before(broker: Broker, log: Log, at_ms: int) -> Log:
    """Return the log from so early that each account has a snapshot before a time."""
    topic, events = broker.settings.topic(EVENTS), log.events
    asked = [TopicPartition(topic, events.partition, max(0, at_ms - BEFORE_MS))]
    with closing(operator_reader(broker)) as consumer:
        (found,) = require_answers(consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS_MAX))
    begin = events.end if found.offset < 0 else max(found.offset, events.begin)
    return log._replace(events=events._replace(begin=begin))


def start_of(broker: Broker, log: Log, *, store: MemoryStore) -> Start | None:
    """Load what the accounts begin with, if not all of their events are in the log.

    Return None when the log is complete.
    """
    begun = load_origin(broker, log.events, store)
    if begun is not None:
        sequences = {name: each.sequence for name, each in begun.items()}
        return Start(dict.fromkeys(begun, 0), sequences, others=True)
    return find_start(partial(read_snapshots, broker, log), log.events, store=store)


def read_snapshots(broker: Broker, log: Log) -> Iterator[Snapshot]:
    """Yield the snapshots of a partition, oldest first."""
    return (snapshot for _, snapshot in snapshot_records(broker, log))


def snapshot_records(broker: Broker, log: Log) -> Iterator[tuple[Message, Snapshot]]:
    """Yield the records of the snapshots as well."""
    for record in read(broker, log.snapshots):
        yield record, decode_as(Snapshot, to_bytes(record.value() or b""))


def recorded(broker: Broker, log: Log, start: Start | None) -> Iterator[Recorded]:
    """Yield the events that risk applied; skip those that became dead letters."""
    clock_ms = 0
    with closing(read(broker, log.events)) as records:
        for record in records:
            found = recorded_event(record, partitions=log.partitions)
            if found is None:
                continue
            if start is not None and _is_older(found, record, start):
                found = found._replace(event=None)
            if record.timestamp()[0] != TIMESTAMP_LOG_APPEND_TIME:
                found = found._replace(at_ms=clock_ms)
            if record.key() == EVERYONE.encode():
                clock_ms = max(clock_ms, found.at_ms)
            yield found


def recorded_event(record: Message, *, partitions: int) -> Recorded | None:
    """Return the event of a record; None when risk wrote a dead letter for it.

    Raise StartupError when it is of a form from before the first release.
    """
    content = to_bytes(record.value() or b"")
    try:
        event = decode_as(ANY_EVENT, content)
    except DecodeError:
        if is_from_before(content):
            raise StartupError(f"{record.topic()} holds {FROM_BEFORE}") from None
        return None
    account_id = event.account_id
    if account_id != EVERYONE and partition_of(account_id, partitions) != record.partition():
        return None
    return Recorded(event, content, record.timestamp()[1], record.offset() or 0)


def _is_older(found: Recorded, record: Message, start: Start) -> bool:
    event = found.event
    return event is None or not start.is_after(event.account_id, record.offset() or 0)
