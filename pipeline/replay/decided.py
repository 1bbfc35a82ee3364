"""Search of recorded decisions by signal, account, time and rule."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple, cast

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.replay.comparison import Span
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.partitioner import partition_of
from topics.codec import decode_as
from topics.decisions import TOPIC, Decision, Exit, Stop

__all__ = ["Wanted", "find_decisions"]

ANSWER_SECONDS_MAX = 10.0
# A worker's clock stamps the record, the broker's the event: they may differ by this.
CLOCKS_MS_MAX = 60_000
ANY = cast("type[Decision | Exit | Stop]", TOPIC.message)


class Wanted(NamedTuple):
    """The criteria of a search; None matches everything."""

    from_ms: int
    to_ms: int
    signal_id: str | None = None
    account_id: str | None = None
    rule: str | None = None  # One of the decision's reasons.
    refused: bool = False  # Only what was not approved as requested.

    def holds(self, decision: Decision) -> bool:
        """Whether a decision meets all criteria."""
        return (
            self.from_ms <= decision.at_ms <= self.to_ms
            and self.signal_id in {None, decision.signal_id}
            and self.account_id in {None, decision.account_id}
            and (self.rule is None or self.rule in decision.reasons)
            and not (self.refused and decision.verdict == "approved")
        )


def find_decisions(broker: Broker, wanted: Wanted) -> Iterator[Decision]:
    """Yield matching decisions, in log order within each partition.

    Reads only the partition of the account when one is given. Raise BrokerError on failure.
    """
    with broker.sentences():
        for part in _spans(broker, wanted):
            with closing(read(broker, part)) as records:
                yield from _search(records, wanted)


def _search(records: Iterator[Message], wanted: Wanted) -> Iterator[Decision]:
    for record in records:
        value = to_bytes(record.value() or b"")
        # Most do not match: searching the bytes is much cheaper than decoding them.
        if wanted.signal_id is not None and wanted.signal_id.encode() not in value:
            continue
        decision = decode_as(ANY, value)
        if decision.at_ms > wanted.to_ms + CLOCKS_MS_MAX:
            return
        if isinstance(decision, Decision) and wanted.holds(decision):
            yield decision


def _spans(broker: Broker, wanted: Wanted) -> list[Span]:
    with closing(_consumer(broker)) as consumer:
        name = broker.settings.topic(TOPIC.name)
        (found,) = broker.partitions(consumer, TOPIC.name)
        numbers = range(found)
        if wanted.account_id is not None:
            numbers = range(first := partition_of(wanted.account_id, found), first + 1)
        since_ms = max(0, wanted.from_ms - CLOCKS_MS_MAX)
        places = [TopicPartition(name, number, since_ms) for number in numbers]
        starts = consumer.offsets_for_times(places, timeout=ANSWER_SECONDS_MAX)
        return [_from(broker, consumer, start) for start in starts]


def _from(broker: Broker, consumer: Consumer, start: TopicPartition) -> Span:
    whole = span(broker, consumer, TOPIC.name, start.partition)
    # A negative offset means that no record is as new as the time asked for.
    return whole._replace(begin=start.offset if start.offset >= 0 else whole.end)


def _consumer(broker: Broker) -> Consumer:
    group = broker.settings.group("operator")
    return Consumer(broker.properties(group_id=group, enable_auto_commit=False))
