"""What risk decided since its last commit, counted in plain dicts and shown only once committed.

Apart from metrics.py because the hot path cannot afford a lock for each label.
"""

import time
from collections import Counter

from prometheus_client import Counter as Metric

from pipeline.risk.step import Output, Step
from pipeline.streams import metrics
from topics.alerts import Alert
from topics.decisions import Decision, Exit
from topics.emergency_stops import EmergencyStop
from topics.events import Event, SignalEvent

__all__ = ["Tally"]

INTERNAL_ERROR = "internal_error"


class Tally:
    """Count steps; `flush` adds them to the metrics."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Metric, tuple[str, ...]]] = Counter()
        self._events: Counter[type[Event]] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._signals: list[tuple[int, int]] = []  # Created and appended, in ms.

    def count(self, metric: Metric, *labels: str) -> None:
        """Add one to a metric at the next flush."""
        self._counts[metric, labels] += 1

    def add(self, event: Event, taken: Step, at_ms: int) -> None:
        """Count an event and everything that came of it."""
        if taken.repeated:
            self.count(metrics.REPEATED)
            return
        if isinstance(event, SignalEvent):
            self._signals.append((event.body.created_at_ms, at_ms))
        self._events[type(event)] += 1
        for output in taken.outputs:
            self._add_output(output)

    def flush(self) -> None:
        """Show everything counted: it is committed."""
        for kind, times in self._events.items():
            metrics.EVENTS.labels(str(kind.__struct_config__.tag)).inc(times)
        for verdict, times in self._verdicts.items():
            metrics.DECISIONS.labels(verdict).inc(times)
        for (metric, labels), times in self._counts.items():
            (metric.labels(*labels) if labels else metric).inc(times)
        now_ms = time.time() * 1000
        created = metrics.DECIDED_SECONDS.labels("created")
        appended = metrics.DECIDED_SECONDS.labels("appended")
        for created_at_ms, at_ms in self._signals:
            created.observe((now_ms - created_at_ms) / 1000)
            appended.observe((now_ms - at_ms) / 1000)
        self.drop()

    def drop(self) -> None:
        """Forget what was counted: it was not committed."""
        self._counts.clear()
        self._events.clear()
        self._verdicts.clear()
        self._signals.clear()

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
            case _:  # A Stop is the same row as its EmergencyStop.
                pass

    def _add_decision(self, decision: Decision) -> None:
        self._verdicts[decision.verdict] += 1
        for rule in decision.reasons:
            self.count(metrics.REASONS, decision.verdict, rule)
        if INTERNAL_ERROR in decision.reasons:
            self.count(metrics.INTERNAL_ERRORS)
