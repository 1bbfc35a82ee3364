"""Append times, and with them heartbeats, never go back: they are the only clock that decides."""

from collections.abc import Iterator

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.records import Applied
from topics.events import HeartbeatEvent
from topics.fields import EVERYONE

__all__ = ["Heartbeats"]


class Heartbeats:
    """The heartbeats of one partition."""

    def __init__(self) -> None:
        self._last_ms: int | None = None
        self.longest_gap_ms = 0

    def judge(self, applied: Applied) -> Iterator[Finding]:
        """Compare a heartbeat with the one before."""
        if not isinstance(applied.event, HeartbeatEvent):
            return
        last_ms, self._last_ms = self._last_ms, applied.at_ms
        if last_ms is None:
            return
        self.longest_gap_ms = max(self.longest_gap_ms, applied.at_ms - last_ms)
        if applied.at_ms < last_ms:
            yield finding_at(
                applied.record,
                "heartbeat",
                account_id=EVERYONE,
                found=f"its append time is {applied.at_ms}",
                expected=f"at least {last_ms}, that of the heartbeat before it",
            )
