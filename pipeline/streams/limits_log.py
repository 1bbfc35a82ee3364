"""The limits documents on Kafka, as the operator's commands see them."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from pipeline.streams.broker import Address, Broker, BrokerError
from pipeline.streams.partitioner import partition_of
from pipeline.streams.settings import Settings
from topics.codec import DecodeError, decode, encode
from topics.limits import TOPIC, LimitsDocument

__all__ = ["all_documents", "first_instead_of", "newest_documents", "read_topic", "write_document"]

READ_SECONDS_MAX = 30.0


def newest_documents(settings: Settings) -> dict[str, LimitsDocument]:
    """Return the newest document of each account, and of `*`, by account_id."""
    return {
        account_id: max(documents, key=lambda document: document.version)
        for account_id, documents in all_documents(settings).items()
    }


def all_documents(settings: Settings) -> dict[str, list[LimitsDocument]]:
    """Return every document of each account, and of `*`, in the order of the log."""
    found: dict[str, list[LimitsDocument]] = {}
    for message in read_topic(settings, TOPIC.name):
        document = _document(message.value())
        if document:
            found.setdefault(document.account_id, []).append(document)
    return found


def write_document(settings: Settings, document: LimitsDocument) -> Address:
    """Publish a document as it is."""
    return Broker(settings).publish(TOPIC.name, key=document.account_id, value=encode(document))


def first_instead_of(
    settings: Settings, document: LimitsDocument, address: Address
) -> LimitsDocument | None:
    """Return what lies before a published document and takes its version from it.

    None: risk takes this one, as no version before it was as high.
    """
    for message in read_topic(settings, TOPIC.name, key=document.account_id):
        if (message.offset() or 0) >= address.offset:
            break
        found = _document(message.value())
        if found is None or found.account_id != document.account_id:
            continue
        if found.version >= document.version:
            return found
    return None


def _document(value: bytes | str | None) -> LimitsDocument | None:
    try:
        document = decode(TOPIC, value.encode() if isinstance(value, str) else value)
    except DecodeError:
        return None  # A dead letter already; it never took effect.
    return document if isinstance(document, LimitsDocument) else None


def read_topic(
    settings: Settings, name: str, *, key: str | None = None, seconds_max: float = READ_SECONDS_MAX
) -> Iterator[Message]:
    """Read what is committed to a topic now, each partition in order; of a key only its own."""
    topic = settings.topic(name)
    broker = Broker(settings)
    with broker.sentences():
        consumer = _consumer(broker)
        try:
            found = broker.metadata(consumer).topics.get(topic)
            if found is None:
                raise BrokerError(f"{topic} is missing; make it with: riskgate topics create")
            waiting = set(found.partitions)
            if key is not None:
                waiting = {partition_of(key, len(waiting))}
            consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in waiting])
            while waiting:
                yield from _poll(consumer, waiting, seconds_max)
        finally:
            consumer.close()


def _poll(consumer: Consumer, waiting: set[int], seconds_max: float) -> Iterator[Message]:
    message = consumer.poll(seconds_max)
    if message is None:
        raise BrokerError(f"Kafka did not answer within {seconds_max:g} s; try again")
    error = message.error()
    if error is None:
        yield message
    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - Its only name.
        waiting.discard(message.partition())
    else:
        raise BrokerError(
            f"{message.topic() or 'A topic'} cannot be read ({error.str()}); try again"
        )


def _consumer(broker: Broker) -> Consumer:
    return Consumer(
        broker.properties(
            group_id=broker.settings.group("operator"),
            enable_auto_commit=False,
            enable_partition_eof=True,
            isolation_level="read_committed",
        )
    )
