"""What a step set aside: why it becomes a dead letter, and what the log says of it and of stops.

Apart from decide.py: this sends nothing.
"""

import logging
from collections.abc import Iterator

from pipeline.risk.step import Step
from pipeline.streams.roles.decide.quarantines import INTERNAL
from topics.codec import DecodeError
from topics.emergency_stops import EmergencyStop

__all__ = ["letters_of", "log_failures", "log_stops"]

logger = logging.getLogger(__name__)


def letters_of(taken: Step) -> Iterator[tuple[DecodeError, str]]:
    """Yield why an event is a dead letter, and the kind of error that the metrics count."""
    if taken.failed is not None:
        kind = "internal" if taken.failed.startswith(INTERNAL) else "failed"
        yield DecodeError(taken.failed), kind
    if taken.refused is not None and taken.repeated:
        yield DecodeError(taken.refused, "$.account_id"), "account"
    elif taken.refused is not None:
        yield DecodeError(taken.refused, "$.source.topic"), "source"


def log_failures(taken: Step) -> None:
    """Log what halted an account."""
    if taken.failed is not None:
        logger.error("an event halted its account: %s", taken.failed)
    for problem in taken.raised:
        logger.error("a part of an event halted its account: %s", problem)


def log_stops(taken: Step) -> None:
    """Log each change of a stop."""
    for output in taken.outputs:
        if isinstance(output, EmergencyStop):
            logger.warning(
                "stop %s of account %s: %s, rule %s",
                output.stop_id,
                output.account_id,
                output.status,
                output.rule,
            )
