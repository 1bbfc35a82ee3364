"""The record before the first event of accounts that began in another log.

A worker with their state begins behind it, so whoever reads it would begin with empty accounts.
"""

from pipeline.streams.engine.start_checks import REBUILD
from pipeline.streams.role_interface import Record, Stopped
from topics.origins import origin_of

__all__ = ["require_no_origin"]


def require_no_origin(record: Record) -> None:
    """Raise Stopped when a record is the origin of its partition."""
    origin = origin_of(record.value or b"")
    if origin is not None:
        raise Stopped(
            f"{record.topic}[{record.partition}] continues {origin.topic}[{origin.partition}] from "
            f"{origin.offset} on, and this worker has no state of its accounts: {REBUILD}"
        )
