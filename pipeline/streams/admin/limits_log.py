"""The limits documents in Kafka, for the operator's commands."""

import time
from collections.abc import Iterable, Iterator
from heapq import merge

from confluent_kafka import OFFSET_BEGINNING, Message, TopicPartition

from pipeline.risk.account.documents import Document
from pipeline.risk.limits.document import faults_of
from pipeline.risk.limits.taking import next_document, without_ended
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


class Published:
    """The result of a log of documents, each applied as risk does."""

    def __init__(self) -> None:
        self.in_force: dict[str, LimitsDocument] = {}  # The lasting ones by account, `*` included.
        self.highest: dict[str, int] = {}  # Of any document, including refused ones.
        self.held: dict[str, Document] = {}  # What risk keeps, by account.
        # What is temporary or proposed, by account and version.
        self.passing: dict[tuple[str, int], LimitsDocument] = {}
        self._ends_ms: int | None = None  # When the first temporary document ends.

    def rules_of(self, account_id: str) -> str:
        """Return the rules of an account's documents, as risk stores them; {} without one."""
        return self.of(account_id).in_force

    def of(self, account_id: str) -> Document:
        """Return what risk keeps of an account's documents, or of those of `*`."""
        return self.held.get(account_id) or Document()

    def take(self, document: LimitsDocument, at_ms: int) -> bool:
        """Apply a document at its append time; return False if it is refused."""
        self.end(at_ms)
        name = document.account_id
        below = "{}" if name == EVERYONE else self.rules_of(EVERYONE)
        held = self.of(name)
        taken = next_document(held, document, below=below, now_ms=at_ms).document
        self.highest[name] = max(self.highest.get(name, 0), document.version)
        if taken is None:
            return False
        self.held[name] = taken
        if taken.version == held.version or document.duration_ms is not None:
            self.passing[name, document.version] = document
        else:
            self.in_force[name] = document
        self._find_end()
        return True

    def end(self, now_ms: int) -> None:
        """End the temporary documents whose time is over."""
        if self._ends_ms is None or now_ms < self._ends_ms:
            return
        self.held = {name: without_ended(held, now_ms)[0] for name, held in self.held.items()}
        self._find_end()

    def _find_end(self) -> None:
        ends = (held.ends_ms for held in self.held.values())
        self._ends_ms = min((end_ms for end_ms in ends if end_ms is not None), default=None)


def published(settings: Settings) -> Published:
    """Return the documents that will be in force at each account's next event."""
    logs: dict[int, list[tuple[int, LimitsDocument]]] = {}
    for message in read_topic(settings, TOPIC.name):
        log = logs.setdefault(message.partition() or 0, [])
        document = _document(message)
        if document is not None:
            # A broker's clock can go back; a document never precedes the one before it in its log.
            log.append((max(message.timestamp()[1], log[-1][0] if log else 0), document))
    found = published_of(merge(*logs.values(), key=lambda item: item[0]))
    found.end(time.time_ns() // 1_000_000)
    return found


def published_of(documents: Iterable[tuple[int, LimitsDocument]]) -> Published:
    """Apply documents in order, each at its append time, as risk does."""
    found = Published()
    for at_ms, document in documents:
        found.take(document, at_ms)
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
        is_of_it = found.approval is not None and found.version == document.version
        if found.approval == "propose" or is_of_it:
            continue  # A proposal changes nothing; its approvals have its version and its rules.
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
