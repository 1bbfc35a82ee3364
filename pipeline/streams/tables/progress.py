"""When a table counts as read to its end, and how late it may be in one partition.

Apart from table_reader.py because nothing here asks Kafka.
"""

import time

from pipeline.streams.role_interface import Stopped

__all__ = ["TableProgress", "too_late"]


class TableProgress:
    """How far a table came in one partition, and where that should bring it."""

    def __init__(self, end: int) -> None:
        self.position = 0
        self.end = end  # As the broker said when it was last asked.
        self.caught_up = False
        self.heard_s = time.monotonic()  # When the broker last said where the log ends.
        self._target = end  # The end as it was at `_since_s`.
        self._since_s = time.monotonic()

    def look(self, end: int, now_s: float) -> float:
        """Return how late the table may be: since the target was the end, or nobody said more.

        Once it is reached, the next target is the end of now.
        """
        if self.position >= self._target:
            self.caught_up = True
            self._target, self._since_s = end, now_s
        return max(now_s - self._since_s, now_s - self.heard_s)


def too_late(place: tuple[str, int], late_s: float, silent_s: float) -> Stopped:
    """Return the error for a table that lags: no broker answers, or it reads too slowly."""
    if silent_s >= late_s:
        return Stopped(
            f"No broker reported the end offset of {place[0]}[{place[1]}] for {silent_s:.0f} s, "
            "so its table may lag; find out why the leader of that partition does not answer"
        )
    return Stopped(
        f"The table of {place[0]}[{place[1]}] is {late_s:.0f} s behind its topic; "
        "give this process more time on the CPU, or the topic fewer prices"
    )
