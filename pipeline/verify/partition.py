"""One partition: its events and its outputs are brought into one order and judged.

An output waits until its event is read, and an event waits until the outputs before it are. So the
judge's books stand exactly at an output's event when it is judged, and nothing piles up.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from pipeline.verify.chains import judge_chain, judge_number, judge_shift
from pipeline.verify.doubles import Doubles
from pipeline.verify.finding import Finding, finding_at, shown
from pipeline.verify.inputs import Inputs
from pipeline.verify.invariants import Invariants
from pipeline.verify.records import (
    EVENTS,
    OUTPUTS,
    Message,
    Published,
    Record,
    event_of,
    message_of,
)
from pipeline.verify.redecided import Redecided
from pipeline.verify.walk import AccountWalk, Begun, PartitionWalk
from topics.codec import DecodeError
from topics.decisions import Decision

__all__ = ["FULL", "PartitionJudge"]

FULL = 2000  # Records of one topic that wait here before the reader pauses it.
CLOCK_MS = 5000  # Append times may fall back by this when another broker leads.

Place = Literal["later", "known", "unknown", "nowhere"]
IsHere = Callable[[str], bool]


class PartitionJudge:
    """Judge the records of one partition; offer them in the order of their topics."""

    def __init__(  # noqa: PLR0913 - What it knows beside the topics.
        self,
        *,
        whole: bool,
        is_here: IsHere = lambda _: True,
        redecided: Redecided | None = None,
        begun: Mapping[str, Begun] | None = None,
        inputs: Inputs | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()  # Records by topic.
        self.doubles = Doubles()
        self.invariants = Invariants(whole=whole, redecided=redecided, begun=begun)
        self._inputs = inputs  # Of all partitions.
        self._is_here = is_here  # Whether an account belongs to this partition.
        self._walk = PartitionWalk(whole=whole)
        self._walk.begin(begun or {})
        self._events: deque[Record] = deque()
        self._outputs: dict[str, deque[Record]] = {topic: deque() for topic in OUTPUTS}
        self._heads: dict[str, Message] = {}  # The decoded first of each queue.
        self._ended: set[str] = set()

    def offer(self, record: Record) -> None:
        """Take a record that comes next in its topic."""
        self.counts[record.topic] += 1
        self._ended.discard(record.topic)
        queue = self._events if record.topic == EVENTS else self._outputs[record.topic]
        queue.append(record)

    def end(self, topic: str) -> None:
        """Hear that a topic holds no more for now."""
        self._ended.add(topic)

    def is_full(self, topic: str) -> bool:
        """Return whether enough records of a topic wait."""
        return len(self._events if topic == EVENTS else self._outputs[topic]) >= FULL

    def advance(self, until_ms: int | None = None) -> Iterator[Finding]:
        """Judge what can be judged; until_ms: leave newer events, whose outputs may be on the way.

        Append time, exclusive.
        """
        while True:
            yield from self._drain()
            if not self._events or not self._is_complete():
                return
            if until_ms is not None and self._events[0].timestamp_ms >= until_ms:
                return
            yield from self._take(self._events.popleft())

    def finish(self, decided_until: int, *, is_cut: bool = False) -> Iterator[Finding]:
        """Judge what is left; decided_until: the offset of the first event risk has not decided.

        is_cut: events were left out on purpose, so the outputs of later ones are no finding.
        """
        yield from self.advance()
        if not is_cut:
            yield from self._drain(at_end=True)
        yield from self.invariants.finish(decided_until)

    def _is_complete(self) -> bool:
        """Whether every output that is published by now, before the next event, is judged."""
        return all(queue or topic in self._ended for topic, queue in self._outputs.items())

    def _take(self, record: Record) -> Iterator[Finding]:
        try:
            event = event_of(record.value)
        except DecodeError:
            return  # Risk wrote a dead letter for it.
        if self._inputs is not None:
            self._inputs.take(record, event.source)
        if not self._is_here(event.account_id):
            return  # Risk wrote a dead letter for it, too.
        applied = self._walk.apply(record, event)
        if applied is not None:
            yield from self.invariants.judge_time(self._walk.now_ms)
            yield from self.invariants.apply(applied)

    def _drain(self, *, at_end: bool = False) -> Iterator[Finding]:
        """Judge the outputs of events that are read; at_end: nothing is read any more."""
        for topic, queue in self._outputs.items():
            while queue:
                message = self._head(topic)
                if isinstance(message, Finding):
                    yield message
                else:
                    place = self._place(message)
                    if place == "later" and not at_end:
                        break
                    yield from self._judge(queue[0], message, place)
                self._next(topic)

    def _head(self, topic: str) -> Message | Finding:
        record = self._outputs[topic][0]
        message = self._heads.get(topic)
        if message is None:
            try:
                message = self._heads[topic] = message_of(topic, record.value)
            except DecodeError as error:
                return finding_at(
                    record,
                    "form",
                    account_id="?",
                    found=f"{shown(record.value)} does not decode ({error})",
                    expected="what riskgate writes",
                )
        return message

    def _next(self, topic: str) -> None:
        self._outputs[topic].popleft()
        self._heads.pop(topic, None)

    def _place(self, message: Message) -> Place:
        """Return where an output stands relative to the events read so far."""
        is_past = message.at_ms < self._walk.now_ms - CLOCK_MS
        walk = self._walk.accounts.get(message.account_id)
        if walk is None:
            return "nowhere" if is_past else "later"
        if walk.base is None and not self._join(message, walk):
            return "unknown" if is_past or not isinstance(message, Decision) else "later"
        if message.sequence <= walk.sequence or self._counted(message) is not None:
            return "known"
        return "nowhere" if is_past else "later"

    def _join(self, message: Message, walk: AccountWalk) -> bool:
        """Learn an account's sequence from the first decision of a signal that was read."""
        counted = self._counted(message)
        if counted is not None:
            walk.base = message.sequence - counted
        return counted is not None

    def _counted(self, message: Message) -> int | None:
        """Return the count of the event that a decision answers, if the signal waits."""
        if not isinstance(message, Decision) or message.decision_id != message.signal_id:
            return None
        return self.invariants.answers.count_of(message)

    def _judge(self, record: Record, message: Message, place: Place) -> Iterator[Finding]:
        for finding in self.doubles.judge(record, message):
            if finding is not None:
                yield finding
            return
        walk = self._walk.accounts.get(message.account_id)
        if place in {"nowhere", "later"} or walk is None:
            yield from judge_number(record, message, walk)
            return
        if place == "known":
            yield from self._judge_shift(record, message, walk)
        count = message.sequence - (walk.base or 0)
        if place == "unknown" or not walk.remembers(count):
            self.invariants.unjudged["output"] += 1
            return
        for finding in judge_chain(record, message, walk):
            self.invariants.doubt(message.account_id)
            yield finding
        is_now = message.sequence == walk.sequence
        published = Published(record, message, walk.offset_at(count), is_now)
        yield from self.invariants.judge(published, count=count)

    def _judge_shift(
        self, record: Record, message: Message, walk: AccountWalk
    ) -> Iterator[Finding]:
        counted = self._counted(message)
        if counted is not None and message.sequence != (walk.base or 0) + counted:
            self.invariants.doubt(message.account_id)
            yield from judge_shift(record, message, walk=walk, counted=counted)
