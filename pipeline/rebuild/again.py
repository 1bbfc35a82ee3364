"""One partition of the log, decided again by the risk role itself, beside what is published.

The state that comes of it is the role's own, in the form in which a checkpoint would save it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import NamedTuple

from confluent_kafka import Message

from pipeline.errors import StartupError
from pipeline.rebuild.beginning import Beginning, begin_at_origin, begin_at_snapshots
from pipeline.replay.comparison import PartitionComparison
from pipeline.replay.counts import Counts
from pipeline.replay.partition import NO_QUESTIONS, StepObserver, publishing
from pipeline.replay.recorded import Log, read_snapshots, recorded_event
from pipeline.replay.tapes import KafkaTape, read
from pipeline.risk.account.account import Shared
from pipeline.risk.step import Step
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.polling import record_of
from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.role_interface import Headers, Partition
from pipeline.streams.roles.decide.decide import Risk
from topics.events import Event

__all__ = ["Decided", "Snapshots", "Wanted", "decide_again"]


class Wanted(NamedTuple):
    """What is to be decided again."""

    log: Log
    topic_id: str  # Of `events`.
    from_snapshots: bool


class Snapshots:
    """Snapshots that the role takes, to be written with the state."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bytes]] = []

    def __call__(  # noqa: PLR0913 - The parts of a Kafka message.
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Keep one."""
        del topic, partition, headers
        self.taken.append((key or b"", value or b""))


class Decided(NamedTuple):
    """A partition's state after the last event of which everything is published."""

    store: PartitionStore
    position: int  # The next offset of `events`.
    mark: str | None  # Of the record before it.
    last_ms: int  # Its append time; 0: there is none.
    outputs: dict[str, int]  # By topic, without prefix: where outputs of later events may begin.
    snapshots: Snapshots
    accounts: int
    counts: Counts


class _Risk:
    """The role, as a comparison asks it; its outputs go nowhere."""

    def __init__(self, broker: Broker, wanted: Wanted, store: PartitionStore) -> None:
        self._steps = StepObserver()
        self.snapshots = Snapshots()
        self.last: Message | None = None  # To be decided, or decided last.
        self._role = Risk(
            publishing(broker.settings),
            produce=_drop,
            produce_with_state=self.snapshots,
            tally=self._steps,
            questions=NO_QUESTIONS,
        )
        number = wanted.log.events.partition
        topic = broker.settings.topic(wanted.log.events.topic)
        self._role.assign(Partition(topic, number, wanted.topic_id), store)
        self._accounts = self._role.accounts(number)

    @property
    def shared(self) -> Shared:
        """What the partition's accounts share."""
        return self._accounts.shared

    def apply(self, event: Event, content: bytes, at_ms: int) -> Step:
        """Decide the record that was read last; it is this event."""
        del event, content, at_ms
        assert self.last is not None
        self._role.apply(record_of(self.last))
        assert self._steps.last is not None
        return self._steps.last

    def save(self) -> None:
        """Write all accounts to the store."""
        for _ in self._role.checkpoint():
            pass


def decide_again(broker: Broker, wanted: Wanted, *, beat: Callable[[], None]) -> Decided:
    """Decide a partition's events again, up to the first of which something is not published.

    The worker that goes on sends what is missing. Raise StartupError when the log does not reach
    back far enough.
    """
    decided = _decide(broker, wanted, beat)
    while decided.position < wanted.log.events.end:
        # The state before an event cannot be had back from the one after it.
        events = wanted.log.events._replace(end=decided.position)
        wanted = wanted._replace(log=wanted.log._replace(events=events))
        decided = _decide(broker, wanted, beat)
    return decided


def _decide(broker: Broker, wanted: Wanted, beat: Callable[[], None]) -> Decided:
    """Decide up to the log's end; stop at an event whose outputs are missing at their end."""
    log, counts = wanted.log, Counts()
    store = PartitionStore(_nothing_there, changelog_id="")  # That has no id yet.
    beginning = _begin(broker, wanted, store)
    risk = _Risk(broker, wanted, store)
    with ExitStack() as stack:
        tapes = [stack.enter_context(closing(KafkaTape(broker, each))) for each in log.outputs]
        comparison = PartitionComparison(
            risk, [*tapes], partition=log.events.partition, counts=counts
        )
        if beginning is not None:
            comparison.start(beginning.sequences, others=True)
        position = log.events.end
        for record, event in _events(broker, log, risk):
            beat()
            offset = record.offset() or 0
            if beginning is not None and not beginning.is_after(event.account_id, offset):
                counts.skipped += 1
                continue
            comparison.apply(event, record.value() or b"", record.timestamp()[1])
            if comparison.is_ahead:
                position = offset
                break
        else:
            comparison.finish()
        heads = {tape.topic: tape.head() for tape in tapes}
    risk.save()
    ends = {each.topic: each.end for each in log.outputs}
    last = risk.last
    return Decided(
        store,
        position,
        mark=None if last is None else Mark.of(last).encode(wanted.topic_id),
        last_ms=0 if last is None else last.timestamp()[1],
        outputs={topic: ends[topic] if at is None else at.offset for topic, at in heads.items()},
        snapshots=risk.snapshots,
        accounts=risk.shared.accounts,
        counts=counts,
    )


def _begin(broker: Broker, wanted: Wanted, store: PartitionStore) -> Beginning | None:
    """Load what the log continues; None when it has everything."""
    events = wanted.log.events
    if events.begin == 0:
        return begin_at_origin(broker, events, store=store)
    if not wanted.from_snapshots:
        raise StartupError(
            f"events[{events.partition}] no longer begins at 0 but at {events.begin}, so older "
            "openings, halts and limits would be missing; begin at the snapshots: riskgate rebuild "
            "--from-snapshots"
        )
    return begin_at_snapshots(partial(read_snapshots, broker, wanted.log), events, store=store)


def _events(broker: Broker, log: Log, risk: _Risk) -> Iterator[tuple[Message, Event]]:
    """Yield the records that are events; what became a dead letter changed no state."""
    with closing(read(broker, log.events)) as records:
        for record in records:
            risk.last = record
            found = recorded_event(record, partitions=log.partitions)
            if found is not None and found.event is not None:
                yield record, found.event


def _nothing_there(_: bytes) -> None:
    """Read a disk on which there is nothing."""


def _drop(  # noqa: PLR0913 - The parts of a Kafka message.
    topic: str,
    *,
    key: bytes | None,
    value: bytes | None,
    partition: int | None = None,
    headers: Headers | None = None,
) -> None:
    """Send nothing: it is published, or the worker that goes on sends it."""
