"""Publish how a silent release compares with the active one: differences and counts.

Apart from shadowing.py: this sends onto the topic `shadows` alone, which decides nothing.
"""

import time
from dataclasses import dataclass

from pipeline.streams.observe import metrics
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Produce
from pipeline.streams.roles.decide.owned import Owned
from pipeline.streams.roles.decide.shadow import Shadow
from pipeline.streams.roles.decide.shadow_differences import differences
from pipeline.streams.settings import Settings
from topics import codec
from topics.fields import EVERYONE
from topics.shadows import TOPIC, ShadowDifference, ShadowReport

__all__ = ["ShadowReports"]

REPORT_SECONDS = 5.0
DIFFERENCES_MAX = 1000  # Written per report and partition; the counts have all of them.


@dataclass(slots=True)
class _Counts:
    """What was compared in a partition since its last report."""

    since_ms: int
    due_s: float
    compared: int = 0
    acting: int = 0
    differing: int = 0
    written: int = 0


class ShadowReports:
    """Compare what is due, partition by partition."""

    def __init__(
        self, settings: Settings, *, own_version: str, produce: Produce, tally: Tally
    ) -> None:
        self._topic, self._prefix = settings.topic(TOPIC.name), settings.topic_prefix
        self._replica = settings.replica
        self._own_version = own_version
        self._produce = produce
        self._tally = tally
        self._counts: dict[int, _Counts] = {}

    def begin(self, number: int, at_ms: int) -> None:
        """Begin with a partition; at_ms: of the event from which on it is compared."""
        self._counts[number] = _Counts(at_ms, time.monotonic())

    def end(self, number: int) -> None:
        """Forget a partition."""
        self._counts.pop(number, None)

    def compare(self, owned: Owned, shadow: Shadow) -> None:
        """Compare the events that are due, and report when that is."""
        counts = self._counts[owned.number]
        for compared in shadow.compare():
            found = differences(
                compared,
                own_version=self._own_version,
                active_version=shadow.active_version,
                topic_prefix=self._prefix,
            )
            self._count(counts, found)
            for each in found[: DIFFERENCES_MAX - counts.written]:
                counts.written += 1
                self._send(each, owned)
        if time.monotonic() >= counts.due_s:
            self._report(owned, shadow, counts)

    def _count(self, counts: _Counts, found: list[ShadowDifference]) -> None:
        acts = bool(found) and found[0].acts
        counts.compared += 1
        counts.differing += bool(found)
        counts.acting += acts
        result = "acts" if acts else "differs" if found else "equal"
        self._tally.count(metrics.SHADOW_EVENTS, result)

    def _report(self, owned: Owned, shadow: Shadow, counts: _Counts) -> None:
        shared = owned.accounts.shared
        dropped, shadow.dropped = shadow.dropped, 0
        self._tally.count(metrics.SHADOW_EVENTS, "dropped", times=dropped)
        report = ShadowReport(
            account_id=EVERYONE,
            replica=self._replica,
            active_version=shadow.active_version,
            since_ms=counts.since_ms,
            compared=counts.compared,
            acting=counts.acting,
            differing=counts.differing,
            dropped=dropped,
            sequence=shared.sequence,
            chain=shared.chain,
            rules_version=self._own_version,
            at_ms=shared.clock_ms,
        )
        self._send(report, owned)
        self._counts[owned.number] = _Counts(shared.clock_ms, time.monotonic() + REPORT_SECONDS)

    def _send(self, message: ShadowDifference | ShadowReport, owned: Owned) -> None:
        key, value = message.account_id.encode(), codec.encode(message)
        self._produce(self._topic, key=key, value=value, partition=owned.number)
