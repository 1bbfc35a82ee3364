"""Which consumer errors pass without help: the client retries and skips no record."""

from collections.abc import Iterable
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, TopicPartition

__all__ = ["is_partition_end", "passes", "require_alive", "require_answers", "require_passing"]

_PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - These have no other names.
        KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001 - The rebalance reports the loss.
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
        # A broker restarts or another one leads: the client asks for the leader again.
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.KAFKA_STORAGE_ERROR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.REPLICA_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.UNKNOWN_LEADER_EPOCH,
    }
)


class Delivered(Protocol):
    """What a consumer returns: a record, or an error in its place."""

    def error(self) -> KafkaError | None: ...


def passes(error: KafkaError) -> bool:
    """Whether a consumer may continue after an error."""
    return error.code() in _PASSING and not _is_fatal(error)


def is_partition_end(error: KafkaError) -> bool:
    """Whether an error is the event that a partition was read to its end."""
    return bool(error.code() == KafkaError._PARTITION_EOF)  # noqa: SLF001 - Its only name.


def require_passing(error: KafkaError) -> None:
    """Raise KafkaException unless a consumer may continue after an error."""
    if not passes(error):
        raise KafkaException(error)


def require_answers(answers: Iterable[TopicPartition]) -> list[TopicPartition]:
    """Return what Kafka answered about partitions. Raise KafkaException if one has an error.

    Such an answer has a negative offset, as one of a partition without any offset has.
    """
    found = list(answers)
    for answer in found:
        if answer.error is not None:
            raise KafkaException(answer.error)
    return found


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
