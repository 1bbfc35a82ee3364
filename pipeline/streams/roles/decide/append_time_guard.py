"""Records of the log without append time: decided only once the topic has it again.

Apart from decide.py: it asks Kafka, and a record that has append time never comes here.
"""

import logging
import time
from collections.abc import Callable

from pipeline.streams.clients.append_time import without_append_time
from pipeline.streams.observe import metrics
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Record

__all__ = ["AppendTimeGuard"]

logger = logging.getLogger(__name__)

ASK_SECONDS = 5.0  # So long the answer holds that the log has append time.


class AppendTimeGuard:
    """Ask whether the log was mended; is_mended: None when that is not known."""

    def __init__(self, is_mended: Callable[[], bool | None], tally: Tally) -> None:
        self._is_mended = is_mended
        self._tally = tally
        self._mended_s: float | None = None  # When the log was last said to have append time.

    def require(self, record: Record) -> None:
        """Raise Stopped unless the log has append time again since this record was written."""
        self._tally.count(metrics.WITHOUT_APPEND_TIME)
        now_s = time.monotonic()
        if self._mended_s is not None and now_s - self._mended_s < ASK_SECONDS:
            return
        if not self._is_mended():
            raise without_append_time(record.topic)
        self._mended_s = now_s
        logger.warning(
            "%s[%d] at %d has no append time: decided at the time of the heartbeat before it",
            record.topic,
            record.partition,
            record.offset,
        )
