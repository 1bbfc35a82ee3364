"""The last record that was read of a partition, kept with the offset and read again at a start.

An offset says where a record was, not which: brokers that lose the end of a log fill the same
offsets anew, and what stands there then would be taken for what was read.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from hashlib import blake2b
from typing import NamedTuple, Self

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.streams.clients.consumer_errors import is_partition_end, require_passing
from pipeline.streams.clients.polling import Recorded
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.engine.unreadable import is_unreadable
from pipeline.streams.role_interface import EngineSettings, Place, SessionLost

__all__ = ["Mark", "read_again"]

DIGEST_BYTES = 16
READ_SECONDS_MAX = 10.0
POLL_SECONDS = 0.1
NO_EPOCH = -1


class Mark(NamedTuple):
    """What tells one record from any other that may stand at its offset."""

    offset: int
    timestamp_ms: int  # Of `events`: when the broker appended it.
    digest: str
    leader_epoch: int  # Of the leader that appended it; -1 where the client does not know.

    @classmethod
    def of(cls, message: Recorded) -> Self:
        """Return the mark of a record."""
        read = blake2b(digest_size=DIGEST_BYTES)
        for part in (message.key(), message.value()):
            read.update(b"-" if part is None else b"%d:" % len(part) + part)
        epoch = message.leader_epoch()
        return cls(
            message.offset() or 0,
            message.timestamp()[1],
            read.hexdigest(),
            NO_EPOCH if epoch is None else epoch,
        )

    def encode(self, topic_id: str) -> str:
        """Return it as text, with the id of the topic."""
        return " ".join(["1", *map(str, self), topic_id])

    @classmethod
    def decode(cls, text: str | None) -> tuple[Self, str] | None:
        """Return a mark and the id of its topic; None for what no worker of this form wrote."""
        match (text or "").split(" "):
            case ["1", offset, timestamp_ms, digest, epoch, topic_id]:
                return cls(int(offset), int(timestamp_ms), digest, int(epoch)), topic_id
            case _:
                return None

    def is_of(self, other: Self) -> bool:
        """Return whether both are of one record, as far as epochs are known."""
        known = NO_EPOCH not in {self.leader_epoch, other.leader_epoch}
        return self[:3] == other[:3] and (not known or self.leader_epoch == other.leader_epoch)


def read_again(
    settings: EngineSettings, offsets: Mapping[Place, int], *, beat: Callable[[], None]
) -> dict[Place, Mark]:
    """Read the record at an offset of each partition; one that is not there any more is left out.

    Raise Stopped when the brokers do not answer in time.
    """
    if not offsets:
        return {}
    read = _read_guarded if settings.stop_levels else _read
    found = read(settings, offsets, beat)
    return {place: mark for place, mark in found.items() if mark.offset == offsets[place]}


def _read_guarded(
    settings: EngineSettings, offsets: Mapping[Place, int], beat: Callable[[], None]
) -> dict[Place, Mark]:
    """Read by a child: the client fetches what follows too, and that may take all memory."""
    properties = {**settings.reader(), "isolation.level": "read_uncommitted"}
    windows = {place: (at, at + 1) for place, at in offsets.items()}
    found: dict[Place, Mark] = {}
    with closing(GuardedReader(settings.stop_levels, properties, windows)) as reader:
        while not reader.done:
            beat()
            for message in reader.read(POLL_SECONDS):
                if isinstance(message, Passed):
                    found[message.topic(), message.partition()] = Mark.of(message)
    return found


def _read(
    settings: EngineSettings, offsets: Mapping[Place, int], beat: Callable[[], None]
) -> dict[Place, Mark]:
    found: dict[Place, Mark] = {}
    with closing(Consumer(settings.second_reader())) as consumer:
        consumer.assign([TopicPartition(*place, at) for place, at in offsets.items()])
        seen: set[Place] = set()
        give_up_s = time.monotonic() + READ_SECONDS_MAX
        while seen != offsets.keys():
            beat()
            if time.monotonic() > give_up_s:
                raise SessionLost(
                    f"{len(offsets) - len(seen)} partitions could not be read at the last offset "
                    f"within {READ_SECONDS_MAX:g} s; see the brokers, and start again"
                )
            message = consumer.poll(POLL_SECONDS)
            if message is not None:
                _take(message, seen, found)
    return found


def _take(message: Message, seen: set[Place], found: dict[Place, Mark]) -> None:
    """Note the first that comes of each partition: a record, or that there is none."""
    place = message.topic() or "", message.partition() or 0
    error = message.error()
    if error is None:
        if place not in seen:
            found[place] = Mark.of(message)
        seen.add(place)
    elif is_partition_end(error) or is_unreadable(error):
        seen.add(place)  # A batch behind the record is the loop's to step over.
    else:
        require_passing(error)
