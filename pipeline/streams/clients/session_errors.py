"""Which errors of Kafka a new session mends, and which need a person.

Apart from consumer_errors.py because those pass without a new session, and are the clients' too.
"""

from confluent_kafka import KafkaError

from pipeline.streams.role_interface import SessionLost, Stopped

__all__ = ["ended"]

# Rights, names, sizes and versions: they are the same after any number of new sessions.
_FOR_A_PERSON = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - Its only name.
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.FENCED_INSTANCE_ID,  # Another worker of this name lives: they would take turns.
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.INCONSISTENT_GROUP_PROTOCOL,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_SESSION_TIMEOUT,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.POLICY_VIOLATION,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.UNSUPPORTED_VERSION,
    }
)
# A message says only that its error is fatal; which one it is stands in its words.
_SAME_NAME = KafkaError(KafkaError.FENCED_INSTANCE_ID).str()


def ended(error: KafkaError) -> type[Stopped]:
    """Return what an error means for the worker: SessionLost where a new session mends it."""
    needs_person = error.code() in _FOR_A_PERSON or _SAME_NAME in error.str()
    return Stopped if needs_person else SessionLost
