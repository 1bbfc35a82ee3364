"""Counts of what risk decided since its last commit, published only after the commit.

Plain dicts, because the hot path cannot afford the lock that each metric takes.
"""

import time
from collections import Counter
from typing import get_args

from prometheus_client import Counter as Metric

from pipeline.risk.outputs import FillMatch
from pipeline.risk.rules import RULES
from pipeline.risk.rules.violation_rate.rule import NOT_VIOLATIONS
from pipeline.risk.step import Output, Step
from pipeline.streams.observe import metrics
from pipeline.streams.observe.observations import Observations
from topics.alerts import Alert, Level
from topics.decisions import Decision, Exit, Verdict
from topics.emergency_stops import EmergencyStop
from topics.event_types import EVENT_TYPES, type_of
from topics.events import TOPIC as EVENTS
from topics.events import ControlEvent, Event, RevaluationEvent, SignalEvent

__all__ = ["Tally", "cause_ms", "show_zeros"]

SHADOWED = ("equal", "differs", "acts", "dropped")
INTERNAL_ERROR = "internal_error"
DEAD_EVENTS = (
    "undecodable",
    "wrong_partition",
    "failed",
    "internal",
    "source",
    "account",
    "unreadable",
)


class Tally:
    """Count steps; `flush` adds the counts to the metrics."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Metric, tuple[str, ...]]] = Counter()
        self._events: Counter[type[Event]] = Counter()
        self._verdicts: Counter[str] = Counter()
        # Times are taken when the outputs are sent: the commit that shows them comes up to a second
        # later, and nobody waits for it.
        self._created = Observations(metrics.DECIDED_SECONDS, "created")
        self._appended = Observations(metrics.DECIDED_SECONDS, "appended")
        self._stops: list[tuple[str, float]] = []  # Until what, and how long it took in s.
        self._ages_s: dict[str, float] = {}  # Of the oldest record read, by topic.
        self._violations: Counter[str] = Counter()

    def count(self, metric: Metric, *labels: str, times: int = 1) -> None:
        """Add to a metric at the next flush."""
        self._counts[metric, labels] += times

    def read(self, topic: str, at_ms: int) -> None:
        """Count an input record and keep the greatest age of its topic."""
        self._counts[metrics.RECORDS, (topic,)] += 1
        self._ages_s[topic] = max(self._ages_s.get(topic, 0.0), _since(at_ms))

    def add(self, event: Event, taken: Step, at_ms: int) -> None:
        """Count an event and its outputs."""
        if taken.repeated:
            self.count(metrics.REPEATED if taken.refused is None else metrics.UNINVITED)
            return
        if isinstance(event, SignalEvent):
            now_s = time.time()
            self._created.add(now_s - event.body.created_at_ms / 1000)
            self._appended.add(now_s - at_ms / 1000)
        self._events[type(event)] += 1
        if taken.fill_match is not None:
            self.count(metrics.FILLS, taken.fill_match)
        for _ in range((taken.failed is not None) + len(taken.raised)):
            self.count(metrics.FAILED, type_of(type(event)))
        for output in taken.outputs:
            self._add_output(output)
            if isinstance(output, EmergencyStop):
                self._time_stop(output, taken, cause_ms(event, at_ms))

    def flush(self) -> None:
        """Add all counts to the metrics, after a commit."""
        for kind, times in self._events.items():
            metrics.EVENTS.labels(type_of(kind)).inc(times)
        for verdict, times in self._verdicts.items():
            metrics.DECISIONS.labels(verdict).inc(times)
        for (metric, labels), times in self._counts.items():
            (metric.labels(*labels) if labels else metric).inc(times)
        self._created.flush()
        self._appended.flush()
        for until, seconds in self._stops:
            metrics.STOP_SECONDS.labels(until).observe(max(0.0, seconds))
        for topic, age_s in self._ages_s.items():
            metrics.INPUT_AGE_SECONDS.labels(topic).observe(age_s)
        for level, times in self._violations.items():
            metrics.VIOLATIONS.labels(level).inc(times)
        self.drop()

    def drop(self) -> None:
        """Drop all counts, since their work was not committed."""
        self._counts.clear()
        self._events.clear()
        self._verdicts.clear()
        self._created.drop()
        self._appended.drop()
        self._stops.clear()
        self._ages_s.clear()
        self._violations.clear()

    def _time_stop(self, row: EmergencyStop, taken: Step, since_ms: int) -> None:
        if row.status == "triggered":
            self._stops.append(("triggered", _since(since_ms)))
        elif row.status == "flat" and taken.account is not None:
            opened = (s.opened_ms for s in taken.account.halts.stops if s.stop_id == row.stop_id)
            self._stops.extend(("flat", _since(opened_ms)) for opened_ms in opened)

    def _add_output(self, output: Output) -> None:
        match output:
            case Decision():
                self._add_decision(output)
            case Exit():
                self.count(metrics.EXITS, output.reason)
            case EmergencyStop():
                self.count(metrics.STOPS, output.rule, output.status)
            case Alert():
                self.count(metrics.ALERTS, output.level, output.rule)
                if _is_violation(output):
                    self._violations[output.level] += 1
            case _:  # A Stop is the same row as its EmergencyStop.
                pass

    def _add_decision(self, decision: Decision) -> None:
        self._verdicts[decision.verdict] += 1
        for rule in decision.reasons:
            self.count(metrics.REASONS, decision.verdict, rule)
        if decision.verdict == "rejected":
            self._violations["medium"] += len(decision.reasons)
        if INTERNAL_ERROR in decision.reasons:
            self.count(metrics.INTERNAL_ERRORS)


def _since(at_ms: int) -> float:
    """Return the seconds since then; negative where another clock is ahead."""
    return time.time() - at_ms / 1000


def _is_violation(alert: Alert) -> bool:
    """Whether an alert reports a breach of a limit.

    A single fill beyond its order is an alert of level low, but not a breach yet.
    """
    if (alert.rule, alert.level) == ("overfill", "low"):
        return False
    return alert.rule in RULES and alert.rule not in NOT_VIOLATIONS


def show_zeros() -> None:
    """Create the series whose labels are known at 0: otherwise their first count is no increase."""
    for verdict in get_args(Verdict):
        metrics.DECISIONS.labels(verdict)
    for match in get_args(FillMatch):
        metrics.FILLS.labels(match)
    for level in get_args(Level):
        metrics.VIOLATIONS.labels(level)
    for result in SHADOWED:
        metrics.SHADOW_EVENTS.labels(result)
    for name in EVENT_TYPES:
        metrics.FAILED.labels(name)
    for error in DEAD_EVENTS:
        metrics.DEAD_LETTERS.labels(EVENTS.name, error)


def cause_ms(event: Event, at_ms: int) -> int:
    """Return when the cause of an event happened, in ms.

    For a revaluation: its newest price; for a control: when it was issued; else the event's time.
    """
    match event:
        case RevaluationEvent(body=revaluation):
            quotes = (market.quote for market in revaluation.markets)
            return min(at_ms, max((q.as_of_ms for q in quotes if q is not None), default=at_ms))
        case ControlEvent(body=control):
            return min(at_ms, control.issued_at_ms)
        case _:
            return at_ms
