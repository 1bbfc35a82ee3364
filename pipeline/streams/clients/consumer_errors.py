"""What a consumer's errors mean: which pass, as for riskgate's clients, and which end a worker."""

from collections.abc import Iterable
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException

from riskgate.consumer_errors import passes, passes_without_group, require_answers

__all__ = [
    "is_partition_end",
    "passes",
    "passes_without_group",
    "require_alive",
    "require_answers",
    "require_passing",
]


class Delivered(Protocol):
    """What a consumer returns: a record, or an error in its place."""

    def error(self) -> KafkaError | None: ...


def is_partition_end(error: KafkaError) -> bool:
    """Whether an error is the event that a partition was read to its end."""
    return bool(error.code() == KafkaError._PARTITION_EOF)  # noqa: SLF001 - Its only name.


def require_passing(error: KafkaError) -> None:
    """Raise KafkaException unless a consumer may continue after an error."""
    if not passes(error):
        raise KafkaException(error)


def require_alive(messages: Iterable[Delivered]) -> None:
    """Raise KafkaException if one of these messages says that the consumer reads no more.

    For messages that are thrown away: a consumer reports a fatal error once, and then waits in
    silence for ever.
    """
    for message in messages:
        error = message.error()
        if error is not None and _is_fatal(error):
            raise KafkaException(error)


def _is_fatal(error: KafkaError) -> bool:
    # In a message a fatal error has only its code: the client sets `fatal()` in callbacks alone.
    return bool(error.fatal() or error.code() == KafkaError._FATAL)  # noqa: SLF001 - Its only name.
