"""The limits documents in Kafka, for the operator's commands."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Message, TopicPartition

from pipeline.risk.account.account import Document
from pipeline.risk.limits.document import canonical, faults_of
from pipeline.risk.limits.taking import next_document
from pipeline.streams.clients.broker import Address, Broker
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.read_to_end import (
    READ_SECONDS_MAX,
    operator_reader,
    read_to_end,
)
from pipeline.streams.settings import Settings
from topics.codec import DecodeError, decode, encode
from topics.fields import EVERYONE
from topics.limits import TOPIC, LimitsDocument

__all__ = [
    "Published",
    "all_documents",
    "first_instead_of",
    "published",
    "published_of",
    "read_topic",
    "write_document",
]


class Published(NamedTuple):
    """The result of a log of documents."""

    in_force: dict[str, LimitsDocument]  # By account, including `*`.
    highest: dict[str, int]  # The highest version of any document, including refused ones.

    def rules_of(self, account_id: str) -> str:
        """Return the rules of an account's document, as risk stores them; {} without one."""
        document = self.in_force.get(account_id)
        return canonical({} if document is None else document.rules)

    def take(self, document: LimitsDocument) -> bool:
        """Apply a document as risk does; return False if it is refused."""
        name = document.account_id
        held = self.in_force.get(name)
        stored = Document() if held is None else Document(held.version, canonical(held.rules))
        below = "{}" if name == EVERYONE else self.rules_of(EVERYONE)
        taken, _ = next_document(stored, document, below=below)
        if taken is not None:
            self.in_force[name] = document
        self.highest[name] = max(self.highest.get(name, 0), document.version)
        return taken is not None


def published(settings: Settings) -> Published:
    """Return the documents that will be in force at each account's next event."""
    logs: dict[int, list[tuple[int, LimitsDocument]]] = {}
    for message in read_topic(settings, TOPIC.name):
        log = logs.setdefault(message.partition() or 0, [])
        document = _document(message)
        if document is not None:
            # A broker's clock can go back; a document never precedes the one before it in its log.
            log.append((max(message.timestamp()[1], log[-1][0] if log else 0), document))
    found = merge(*logs.values(), key=lambda item: item[0])
    return published_of(document for _, document in found)


def published_of(documents: Iterable[LimitsDocument]) -> Published:
    """Apply documents in order, as risk does: each replaces the one before, or is refused."""
    found = Published({}, {})
    for document in documents:
        found.take(document)
    return found


def all_documents(settings: Settings) -> dict[str, list[LimitsDocument]]:
    """Return every document of each account, including `*`, in the order of the log."""
    found: dict[str, list[LimitsDocument]] = {}
    for message in read_topic(settings, TOPIC.name):
        document = _document(message)
        if document:
            found.setdefault(document.account_id, []).append(document)
    return found


def write_document(settings: Settings, document: LimitsDocument) -> Address:
    """Publish a document unchanged."""
    return Broker(settings).publish(TOPIC.name, key=document.account_id, value=encode(document))


def first_instead_of(
    settings: Settings, document: LimitsDocument, address: Address
) -> LimitsDocument | None:
    """Return an earlier document that makes risk refuse a published one.

    None: no earlier version is as high, so risk accepts the published one.
    """
    for message in read_topic(settings, TOPIC.name, key=document.account_id):
        if (message.offset() or 0) >= address.offset:
            break
        found = _document(message)
        if found is None or found.account_id != document.account_id or any(faults_of(found.rules)):
            continue
        if found.version >= document.version:
            return found
    return None


def _document(message: Message) -> LimitsDocument | None:
    value = message.value()
    try:
        document = decode(TOPIC, value.encode() if isinstance(value, str) else value)
    except DecodeError:
        return None  # Ingest made it a dead letter; it never took effect.
    if not isinstance(document, LimitsDocument) or message.key() != document.account_id.encode():
        return None
    return document


def read_topic(
    settings: Settings, name: str, *, key: str | None = None, seconds_max: float = READ_SECONDS_MAX
) -> Iterator[Message]:
    """Read the committed records of a topic, each partition in order; `key`: only its partition."""
    topic = settings.topic(name)
    broker = Broker(settings)
    with broker.sentences():
        consumer = operator_reader(broker)
        try:
            (count,) = broker.partitions(consumer, name)
            numbers = range(count) if key is None else [partition_of(key, count)]
            places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers]
            yield from read_to_end(consumer, places, seconds_max=seconds_max)
        finally:
            consumer.close()
