"""Which errors of a consumer pass without help: it tries again and skips no record.

The roles ask it too: one list says of every consumer when it may go on.
"""

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, TopicPartition

__all__ = ["passes", "passes_without_group", "require_answers"]

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


def passes(error: KafkaError) -> bool:
    """Whether a consumer goes on by itself; after any other error it may wait for ever."""
    return error.code() in _PASSING and not error.fatal()


def passes_without_group(error: KafkaError) -> bool:
    """Do what `passes` does, for a consumer that assigns its partitions and never commits.

    Its group is only a name that Kafka's client requires, so it needs no right on it.
    """
    is_refused = error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED and not error.fatal()
    return is_refused or passes(error)


def require_answers(answers: Iterable[TopicPartition]) -> list[TopicPartition]:
    """Return what Kafka answered about partitions. Raise KafkaException if one has an error.

    Such an answer has a negative offset, as one of a partition without any offset has.
    """
    found = list(answers)
    for answer in found:
        if answer.error is not None:
            raise KafkaException(answer.error)
    return found
