"""The limits documents on Kafka, as the operator's commands see them."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from pipeline.streams.broker import Address, Broker, BrokerError
from pipeline.streams.settings import Settings
from topics.codec import DecodeError, decode, encode
from topics.limits import TOPIC, LimitsDocument

__all__ = ["newest_documents", "write_document"]

READ_SECONDS_MAX = 30.0


def newest_documents(settings: Settings) -> dict[str, LimitsDocument]:
    """Return the newest document of each account, and of `*`, by account_id."""
    newest: dict[str, LimitsDocument] = {}
    for message in _read_all(settings, settings.topic(TOPIC.name)):
        document = _document(message.value())
        if document and document.version > _version(newest.get(document.account_id)):
            newest[document.account_id] = document
    return newest


def write_document(settings: Settings, document: LimitsDocument) -> Address:
    """Publish a document as it is."""
    return Broker(settings).publish(TOPIC.name, key=document.account_id, value=encode(document))


def _version(document: LimitsDocument | None) -> int:
    return document.version if document else 0


def _document(value: bytes | str | None) -> LimitsDocument | None:
    try:
        document = decode(TOPIC, value.encode() if isinstance(value, str) else value)
    except DecodeError:
        return None  # A dead letter already; it never took effect.
    return document if isinstance(document, LimitsDocument) else None


def _read_all(settings: Settings, topic: str) -> Iterator[Message]:
    """Read what a topic holds now, each partition in order."""
    broker = Broker(settings)
    with broker.sentences():
        consumer = _consumer(broker)
        try:
            found = broker.metadata(consumer).topics.get(topic)
            if found is None:
                raise BrokerError(f"{topic} is missing; make it with: riskgate topics create")
            waiting = set(found.partitions)
            consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in waiting])
            while waiting:
                yield from _poll(consumer, waiting)
        finally:
            consumer.close()


def _poll(consumer: Consumer, waiting: set[int]) -> Iterator[Message]:
    message = consumer.poll(READ_SECONDS_MAX)
    if message is None:
        raise BrokerError(f"Kafka did not answer within {READ_SECONDS_MAX:g} s; try again")
    error = message.error()
    if error is None:
        yield message
    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - Its only name.
        waiting.discard(message.partition())
    else:
        raise BrokerError(f"The limits cannot be read ({error.str()}); try again")


def _consumer(broker: Broker) -> Consumer:
    return Consumer(
        broker.properties(
            group_id=broker.settings.group("operator"),
            enable_auto_commit=False,
            enable_partition_eof=True,
        )
    )
