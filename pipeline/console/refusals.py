"""How many signals of an account were rejected in the last hour, in sixty small numbers."""

from collections import Counter

__all__ = ["Refusals"]

MINUTE_MS = 60_000
MINUTES = 60


class Refusals:
    """Counts by account and minute; what is older than an hour goes."""

    def __init__(self) -> None:
        self._minutes: dict[str, Counter[int]] = {}

    def add(self, account_id: str, at_ms: int) -> None:
        """Count one."""
        minutes = self._minutes.setdefault(account_id, Counter())
        minutes[at_ms // MINUTE_MS] += 1
        if len(minutes) > MINUTES:
            del minutes[min(minutes)]

    def of(self, account_id: str, now_ms: int) -> int:
        """Return how many there were in the hour before now, to the minute."""
        since = now_ms // MINUTE_MS - MINUTES
        minutes: Counter[int] = self._minutes.get(account_id, Counter())
        return sum(number for minute, number in minutes.items() if minute > since)
