"""Whether a table has been read to its end, and how far it may lag in one partition.

Apart from reader.py because nothing here needs Kafka.
"""

import time

from pipeline.streams.role_interface import SessionLost

__all__ = ["TableProgress", "too_late"]


class TableProgress:
    """A table's position in one partition, and the end that it must reach."""

    def __init__(self, end: int) -> None:
        self.position = 0
        self.end = end  # As the broker last reported.
        self.caught_up = False
        self.answered_s = time.monotonic()  # When the broker last reported the end.
        self._target = end  # The end as it was at `_since_s`.
        self._since_s = time.monotonic()

    def measure_lag_s(self, end: int, now_s: float) -> float:
        """Return the largest lag that the table may have, in seconds.

        It counts from when the target was the end, or from the broker's last answer. When the
        target is reached, the current end becomes the next one.
        """
        if self.position >= self._target:
            self.caught_up = True
            self._target, self._since_s = end, now_s
        return max(now_s - self._since_s, now_s - self.answered_s)


def too_late(place: tuple[str, int], late_s: float, silent_s: float) -> SessionLost:
    """Return the error for a table that lags: no broker answers, or it reads too slowly."""
    if silent_s >= late_s:
        return SessionLost(
            f"No broker reported the end offset of {place[0]}[{place[1]}] for {silent_s:.0f} s, "
            "so its table may lag; find out why the leader of that partition does not answer"
        )
    return SessionLost(
        f"The table of {place[0]}[{place[1]}] is {late_s:.0f} s behind its topic; "
        "give this process more time on the CPU, or the topic fewer prices"
    )
