"""What the last hours would have been under other limits; it decides them again, here.

One at a time, because it takes the interpreter that all pages share.
"""

import threading
import time

from pipeline.errors import NothingFoundError
from pipeline.replay.lately import lately_under, lines
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.settings import Settings

__all__ = ["HOURS_MAX", "Lately"]

HOURS_MAX = 24
HOUR_MS = 3_600_000
BUSY_SECONDS_MAX = 1.0


class Lately:
    """Decides the log again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()

    def __call__(self, account: str, rules: str, hours: int) -> list[str]:
        """Return lines of counts, as decided -> with these rules.

        Raise BrokerError if Kafka cannot be read.
        """
        from_ms = time.time_ns() // 1_000_000 - hours * HOUR_MS
        if not self._lock.acquire(timeout=BUSY_SECONDS_MAX):
            raise BrokerError("The last hours are being decided for somebody else; try again")
        try:
            return list(lines(lately_under(self._settings, account, rules, from_ms=from_ms)))
        except NothingFoundError as error:
            return [f"The last hours cannot be compared: {error}."]
        finally:
            self._lock.release()
