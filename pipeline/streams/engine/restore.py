"""State read back from a changelog: from an absolute offset to the end, counted on the way.

Apart from application.py because it needs of quixstreams only what it stands in for.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.streams.clients.consumer_errors import require_alive
from pipeline.streams.engine.loop import Hooks, is_record
from pipeline.streams.engine.progress import Progress
from pipeline.streams.role_interface import Place, SessionLost

__all__ = ["REPLAY_SECONDS", "Restored", "Restores", "behind_all", "seek"]

logger = logging.getLogger(__name__)

REPLAY_RECORDS = 1000
REPLAY_SECONDS = 0.02
LOOK_AGAIN_SECONDS = 2.0
SEEK_SECONDS_MAX = 5.0
BEHIND_ALL = 2**62  # An offset that no record has.


class Restored(Protocol):
    """quixstreams' own keeper of a partition that is restored."""

    @property
    def changelog_name(self) -> str: ...

    @property
    def partition_num(self) -> int: ...

    @property
    def offset(self) -> int: ...

    def recover_from_changelog_message(self, changelog_message: Message) -> None: ...


class Recovery(Protocol):
    """quixstreams' own keeper of all that is restored."""

    @property
    def recovering(self) -> bool: ...

    @property
    def partitions(self) -> Mapping[int, Mapping[str, Restored]]: ...


@dataclass(slots=True)
class _Range:
    """How far one partition of a changelog is restored."""

    position: int  # The next offset that may have a record.
    records: int = 0
    moved_s: float = field(default_factory=time.monotonic)  # When a record came, or a seek.
    looks: int = 0  # After the first.


class Restores:
    """Know of each changelog partition how far it is, and seek again where nothing comes.

    A late answer to an earlier question can undo a seek in librdkafka: the partition then waits
    at the wrong end, and says nothing.
    """

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._ranges: dict[Place, _Range] = {}

    def begin(self, partition: Restored, *, low: int) -> None:
        """Read a partition from where the disk ends on, or from the log's beginning, `low`."""
        place, position = _place(partition), max(partition.offset, low)
        self._ranges[place] = _Range(position)
        seek(self._consumer, place, position)
        self._consumer.resume([TopicPartition(*place)])

    def believe(self, partition: Restored, position: int | None) -> int | None:
        """Return a position that may be the end, or None while nothing was read before it.

        All of a range may have been aborted; so one without records is believed at a second look.
        """
        read = self._ranges[_place(partition)]
        return position if read.records or read.looks else None

    def run(
        self, recovery: Recovery, hooks: Hooks, progress: Progress, *, look: Callable[[], None]
    ) -> None:
        """Restore in batches; the library's loop needs a silent second to see the end.

        look: lets the library see which partitions are at their end.
        """
        while recovery.recovering and not hooks.is_stopping():
            hooks.beat()
            generation = progress.generation
            messages = self._consumer.consume(REPLAY_RECORDS, REPLAY_SECONDS)
            hooks.raise_first()
            if generation != progress.generation:
                require_alive(messages)
                continue  # Of an assignment that is over; a new one begins where its disk ends.
            self._take(filter(is_record, messages), recovery.partitions)
            look()
            self._look_again(recovery.partitions)

    def _take(
        self, messages: Iterable[Message], partitions: Mapping[int, Mapping[str, Restored]]
    ) -> None:
        """Hand each record of a changelog to its partition; those of inputs wait where they are."""
        for message in messages:
            changelogs = partitions.get(message.partition() or 0, {})
            topic = message.topic() or ""
            if topic in changelogs:
                changelogs[topic].recover_from_changelog_message(message)
                self._count(message)

    def _look_again(self, unfinished: Mapping[int, Iterable[str]]) -> None:
        """Seek again wherever nothing came for two seconds, and forget what is at its end."""
        waiting = {(topic, number) for number, topics in unfinished.items() for topic in topics}
        now_s = time.monotonic()
        for place, restored in list(self._ranges.items()):
            if place not in waiting:
                logger.info("%d records of %s[%d] are restored", restored.records, *place)
                del self._ranges[place]
            elif now_s - restored.moved_s > LOOK_AGAIN_SECONDS:
                restored.moved_s = now_s
                restored.looks += 1
                seek(self._consumer, place, restored.position)

    def _count(self, message: Message) -> None:
        restored = self._ranges[message.topic() or "", message.partition() or 0]
        restored.position = (message.offset() or 0) + 1
        restored.records += 1
        restored.moved_s = time.monotonic()


def behind_all(partitions: Iterable[TopicPartition], timeout: float) -> list[TopicPartition]:
    """Answer for the group's offsets: the library leaves out what the changelog has behind them.

    That a record can be read at all says that its transaction was committed, and an offset with it.
    """
    del timeout
    return [TopicPartition(tp.topic, tp.partition, BEHIND_ALL) for tp in partitions]


def seek(consumer: Consumer, place: Place, position: int) -> None:
    """Go on in a partition at an absolute offset; one assigned just now cannot be sought at once.

    Raise Stopped when it does not become so in a few seconds.
    """
    deadline_s = time.monotonic() + SEEK_SECONDS_MAX
    while True:
        try:
            consumer.seek(TopicPartition(*place, position))
        except KafkaException as error:
            if error.args[0].code() != KafkaError._STATE:  # noqa: SLF001 - Its only name.
                raise
        else:
            return
        if time.monotonic() > deadline_s:
            raise SessionLost(
                f"Kafka's client does not take up {place[0]}[{place[1]}]; start again"
            )
        time.sleep(0.01)


def _place(partition: Restored) -> Place:
    return partition.changelog_name, partition.partition_num
