"""The recorded `events` log decided again and compared with the recorded outputs."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, cast

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.errors import StartupError
from pipeline.replay.comparison import COMPARED, Counts, PartitionComparison, Span
from pipeline.replay.findings import describe
from pipeline.replay.memory import MemoryStore
from pipeline.replay.starts import Start, find_start
from pipeline.replay.tapes import KafkaTape, read, span, to_bytes
from pipeline.rules_version import rules_version
from pipeline.streams.broker import Broker
from pipeline.streams.partition_accounts import PartitionAccounts
from pipeline.streams.partitioner import partition_of
from pipeline.streams.settings import Settings
from topics.codec import DecodeError, decode_as
from topics.events import Event
from topics.fields import EVERYONE
from topics.snapshots import Snapshot

__all__ = ["compare_with_kafka"]

ANSWER_SECONDS_MAX = 10.0
EVENTS = "events"
ANY_EVENT = cast("type[Event]", Event)


class _Log(NamedTuple):
    """What is compared of one partition: events that risk has decided, and all there is of them."""

    events: Span
    outputs: tuple[Span, ...]
    snapshots: Span


def compare_with_kafka(settings: Settings, *, against: Path | None = None) -> int:
    """Compare every partition, print what was found, and return how many outputs differ."""
    if against is not None:
        raise StartupError(
            f"replay --against {against} is not built yet; compare without it, or replay recorded "
            "inputs from a file with --limits"
        )
    broker = Broker(settings)
    counts = Counts()
    with broker.sentences():
        for log in _logs(broker):
            _compare(broker, log, counts)
    sys.stdout.writelines(f"{line}\n" for line in describe(counts, rules_version()))
    return counts.different.total()


def _logs(broker: Broker) -> Iterator[_Log]:
    """Ask once, at the start, how far each partition is."""
    partitions = range(broker.settings.partitions)
    with closing(_asking(broker)) as consumer:
        broker.metadata(consumer)
        places = [TopicPartition(broker.settings.topic(EVENTS), number) for number in partitions]
        decided = consumer.committed(places, timeout=ANSWER_SECONDS_MAX)
        logs = [_log(broker, consumer, place) for place in decided]
    yield from logs


def _log(broker: Broker, consumer: Consumer, decided: TopicPartition) -> _Log:
    number = decided.partition
    events = span(broker, consumer, EVENTS, number)
    return _Log(
        events=events._replace(end=min(events.end, max(decided.offset, 0))),
        outputs=tuple(span(broker, consumer, topic, number) for topic in COMPARED),
        snapshots=span(broker, consumer, "snapshots", number),
    )


def _compare(broker: Broker, log: _Log, counts: Counts) -> None:
    if log.events.begin >= log.events.end:
        return
    store = MemoryStore()

    def snapshots() -> Iterator[Snapshot]:
        for record in read(broker, log.snapshots):
            yield decode_as(Snapshot, to_bytes(record.value() or b""))

    start = find_start(snapshots, log.events, store=store)
    with ExitStack() as stack:
        tapes = [KafkaTape(broker, output) for output in log.outputs]
        for tape in tapes:
            stack.callback(tape.close)
        accounts = PartitionAccounts(
            store,
            partition=log.events.partition,
            rules_version=rules_version(),
            kept_max=sys.maxsize,
        )
        comparison = PartitionComparison(
            accounts, [*tapes], partition=log.events.partition, counts=counts
        )
        if start is not None:
            comparison.start(start.sequences)
        for record in stack.enter_context(closing(read(broker, log.events))):
            _apply(record, comparison, start=start, partitions=broker.settings.partitions)
        comparison.finish()
    counts.skipped += comparison.skipped


def _apply(
    record: Message, comparison: PartitionComparison, *, start: Start | None, partitions: int
) -> None:
    """Apply what risk applied: no event of a wrong partition, nothing that does not decode."""
    content = to_bytes(record.value() or b"")
    try:
        event = decode_as(ANY_EVENT, content)
    except DecodeError:
        return  # A dead letter, as it was then.
    account_id = event.account_id
    if account_id != EVERYONE and partition_of(account_id, partitions) != record.partition():
        return
    if start is not None and not start.is_after(account_id, record.offset() or 0):
        comparison.skipped += 1
        return
    comparison.apply(event, content, record.timestamp()[1])


def _asking(broker: Broker) -> Consumer:
    return Consumer(
        broker.properties(group_id=broker.settings.group("risk"), enable_auto_commit=False)
    )
