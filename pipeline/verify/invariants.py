"""Every invariant of one partition, asked at each event and each output that has found its event.

Apart from partition.py, which brings events and outputs into one order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from pipeline.verify.answers import Answers
from pipeline.verify.exits import judge_exit
from pipeline.verify.exposure import Books, judge_approval, judge_exposure
from pipeline.verify.finding import Finding
from pipeline.verify.heartbeats import Heartbeats
from pipeline.verify.ledger import Ledger
from pipeline.verify.money import judge_equity, judge_money
from pipeline.verify.parameters import Parameters
from pipeline.verify.records import STATES, Applied, Published
from pipeline.verify.redecided import Redecided
from pipeline.verify.reservations import Reserved
from pipeline.verify.stops import APPROVALS, Stops
from pipeline.verify.walk import Begun
from topics.account_states import AccountState
from topics.decisions import Decision, Exit, Stop
from topics.events import FillEvent, LimitsEvent, SignalEvent
from topics.fields import EVERYONE

__all__ = ["GRACE_MS", "Invariants"]

GRACE_MS = 60_000  # After this, what is not published counts as missing, unless told otherwise.


class Invariants:
    """The judge's memory of one partition."""

    def __init__(
        self,
        *,
        whole: bool,
        redecided: Redecided | None,
        begun: Mapping[str, Begun] | None = None,
    ) -> None:
        # What accounts hold that were in another log before is not in this one.
        whole = whole and begun is None
        self._begun = begun or {}
        self._grace_ms = GRACE_MS
        self.answers = Answers(GRACE_MS)
        self.heartbeats = Heartbeats()
        self.redecided = redecided
        self.unjudged: Counter[str] = Counter()
        self._whole = whole
        self._stops = Stops(whole=whole)
        self._parameters = Parameters()
        self._ledgers: dict[str, Ledger] = {}
        self._reserved: dict[str, Reserved] = {}

    def allow(self, grace_ms: int) -> None:
        """Let what is published come so late after its event, in milliseconds."""
        self._grace_ms = self.answers.grace_ms = grace_ms

    def apply(self, applied: Applied) -> Iterator[Finding]:
        """Take an event into every memory."""
        event = applied.event
        yield from self.heartbeats.judge(applied)
        if self.redecided is not None:
            self.redecided.apply(applied)
        if isinstance(event, SignalEvent):
            self.answers.ask(applied, event)
        elif isinstance(event, LimitsEvent):
            self._parameters.apply(event)
        is_refused = isinstance(event, FillEvent) and not self._parameters.accepts(event)
        if event.account_id != EVERYONE and not is_refused:
            self._ledger(event.account_id).apply(event, applied.at_ms)
            self._orders(event.account_id).apply(event)

    def doubt(self, account_id: str) -> None:
        """Take an account's books over from its next row: the log is not what risk read."""
        self._ledger(account_id).doubt()

    def judge(self, published: Published, *, count: int) -> Iterator[Finding]:
        """Judge an output; count: of its event."""
        message = published.message
        if published.record.topic != STATES:
            yield from self.answers.judge_order(published)
        match message:
            case Decision():
                yield from self._judge_decision(published, message, count)
            case Exit():
                yield from self._judge_exit(published, message)
            case Stop():
                self._stops.note(message)
            case AccountState():
                yield from self._judge_row(published, message)
            case _:
                pass  # Alerts and emergency_stops hold nothing of their own but chain and bytes.
        if self.redecided is not None:
            yield from self.redecided.judge(published)

    def judge_time(self, now_ms: int) -> Iterator[Finding]:
        """Report what is missing for too long."""
        yield from self.answers.judge_late(now_ms)
        yield from self._stops.judge_doubtful(now_ms - self._grace_ms)
        if self.redecided is not None:
            yield from self.redecided.judge_waiting()
            yield from self.redecided.judge_missing(now_ms - self._grace_ms)

    def finish(self, decided_until: int) -> Iterator[Finding]:
        """Report what is missing of the events that risk has decided."""
        yield from self.answers.finish(decided_until)
        yield from self._stops.judge_doubtful(None)
        if self.redecided is not None:
            yield from self.redecided.judge_waiting()
            yield from self.redecided.finish(decided_until)

    def _judge_decision(
        self, published: Published, decision: Decision, count: int
    ) -> Iterator[Finding]:
        record = published.record
        asked = self.answers.take(decision, count)
        if asked is None:
            yield from self.answers.judge_unasked(record, decision)
            return
        self.answers.time(record, asked)
        yield from judge_approval(record, decision)
        ledger, reserved = self._ledger(decision.account_id), self._orders(decision.account_id)
        is_judged = published.is_now and ledger.is_sure
        if is_judged:
            yield from judge_exposure(
                record, decision, asked=asked, books=Books(ledger, reserved, self._parameters)
            )
        else:
            self.unjudged["exposure"] += 1
        books = ledger if published.is_now else None
        yield from self._stops.judge_decision(record, decision, books)
        if published.is_now and decision.verdict in APPROVALS:
            reserved.approve(decision)

    def _judge_exit(self, published: Published, exit_: Exit) -> Iterator[Finding]:
        ledger = self._ledger(exit_.account_id)
        if published.is_now and ledger.is_sure:
            yield from judge_exit(published.record, exit_, ledger)
        else:
            self.unjudged["exit"] += 1
        if published.is_now:
            self._orders(exit_.account_id).approve(exit_)

    def _judge_row(self, published: Published, row: AccountState) -> Iterator[Finding]:
        if row.account_id == EVERYONE:
            return
        yield from judge_equity(published.record, row)
        if not published.is_now:
            self.unjudged["money"] += 1
            return
        ledger = self._ledger(row.account_id)
        if ledger.is_sure:
            yield from judge_money(published.record, row, ledger)
        else:
            self.unjudged["money"] += 1
        ledger.adopt(row)
        yield from self._orders(row.account_id).judge(published.record, row)
        self._stops.judge_row(published.record, row)

    def _ledger(self, account_id: str) -> Ledger:
        ledger = self._ledgers.get(account_id)
        if ledger is None:
            ledger = self._ledgers[account_id] = Ledger(whole=self._whole)
            if account_id in self._begun:
                ledger.know(self._begun[account_id].ids)
        return ledger

    def _orders(self, account_id: str) -> Reserved:
        reserved = self._reserved.get(account_id)
        if reserved is None:
            reserved = self._reserved[account_id] = Reserved(self._parameters)
        return reserved
