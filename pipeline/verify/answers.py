"""Every signal in the log has exactly one decision, in the order of the log."""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.records import DECISIONS, Applied, Published, Record
from topics.decisions import Decision
from topics.events import SignalEvent

__all__ = ["LATE_MAX", "Answers", "Asked"]

LATE_MAX = 10_000  # So much is remembered of what was reported and may yet come.


class Asked(NamedTuple):
    """A signal that has no decision yet."""

    record: Record
    event: SignalEvent
    counted: int
    at_ms: int


class Answers:
    """The signals of one partition without a decision, and how far each topic is."""

    def __init__(self, grace_ms: int) -> None:
        self.grace_ms = grace_ms  # After its append a signal counts as undecided.
        self._asked: dict[tuple[str, int], Asked] = {}  # In the order of the log.
        self._late: dict[tuple[str, int], Asked] = {}  # Reported; their decisions may yet come.
        self._counts: dict[tuple[str, str], int] = {}  # Of the first that asks, by signal id.
        self._last_offsets: dict[str, int] = {}
        self.decided = 0
        self.slowest_ms = 0  # Longest time from a signal's append to its decision.

    def __len__(self) -> int:
        return len(self._asked)

    def ask(self, applied: Applied, event: SignalEvent) -> None:
        """Expect a decision."""
        key = event.account_id, applied.counted
        self._asked[key] = Asked(applied.record, event, applied.counted, applied.at_ms)
        self._counts.setdefault((event.account_id, event.body.signal_id), applied.counted)

    def count_of(self, decision: Decision) -> int | None:
        """Return the count of the event that a waiting signal is; None if none waits."""
        return self._counts.get((decision.account_id, decision.signal_id))

    def take(self, decision: Decision, count: int) -> Asked | None:
        """Return the signal that a decision answers, which waits no more."""
        key = decision.account_id, count
        asked = self._asked.get(key) or self._late.get(key)
        if asked is None or asked.event.body.signal_id != decision.signal_id:
            return None
        self._forget(asked)
        self.decided += 1
        return asked

    def judge_order(self, published: Published) -> Iterator[Finding]:
        """Report an output that comes after one of a later event."""
        record, offset = published.record, published.event_offset
        last = self._last_offsets.get(record.topic, -1)
        self._last_offsets[record.topic] = max(last, offset)
        if 0 <= offset < last:
            yield finding_at(
                record,
                "order",
                account_id=published.message.account_id,
                found=f"it follows the event at offset {offset}, but stands after an output of the "
                f"event at offset {last}",
                expected="outputs in the order of the events log",
            )

    def judge_unasked(self, record: Record, decision: Decision) -> Iterator[Finding]:
        """Report a decision of a signal that the log does not have there."""
        yield finding_at(
            record,
            "decision",
            account_id=decision.account_id,
            found=f"signal {decision.signal_id} is decided as event {decision.sequence}",
            expected="that signal as this event of the account, not decided before",
        )

    def time(self, record: Record, asked: Asked) -> None:
        """Note how long a decision took, by the clocks of broker and worker."""
        self.slowest_ms = max(self.slowest_ms, record.timestamp_ms - asked.at_ms)

    def judge_late(self, now_ms: int) -> Iterator[Finding]:
        """Report signals that have had no decision for too long."""
        while self._asked:
            asked = next(iter(self._asked.values()))
            if asked.at_ms + self.grace_ms >= now_ms:
                return
            yield self._undecided(asked)

    def finish(self, decided_until: int) -> Iterator[Finding]:
        """Report signals that risk has passed without a decision."""
        for asked in list(self._asked.values()):
            if asked.record.offset < decided_until:
                yield self._undecided(asked)

    def _undecided(self, asked: Asked) -> Finding:
        if len(self._late) >= LATE_MAX:
            self._forget(next(iter(self._late.values())))
        key = asked.event.account_id, asked.counted
        self._late[key] = self._asked.pop(key)
        return finding_at(
            asked.record,
            "decision",
            account_id=asked.event.account_id,
            found=f"signal {asked.event.body.signal_id} has no decision",
            expected=f"exactly one in {DECISIONS}",
        )

    def _forget(self, asked: Asked) -> None:
        account_id = asked.event.account_id
        for memory in (self._asked, self._late):
            memory.pop((account_id, asked.counted), None)
        name = account_id, asked.event.body.signal_id
        if self._counts.get(name) == asked.counted:
            del self._counts[name]
