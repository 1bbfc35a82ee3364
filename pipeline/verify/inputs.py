"""Which inputs the log holds, by what its events and dead letters name. No Kafka client here."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.verify.records import Record
from topics.dead_letters import DeadLetter, DeadSource
from topics.events import Source

__all__ = ["InputPlace", "Inputs", "Ranges"]

RANGES_MAX = 100_000  # Of one partition; each transaction of a producer ends one.
# Of a dead letter that stands for many records: a flood, or a batch that cannot be unpacked.
_TOGETHER = re.compile(r"\b(?:from offset|Offsets) ([0-9]+) to ([0-9]+)\b")


class InputPlace(NamedTuple):
    """A partition of an input; a topic made again is another."""

    topic: str  # Without the prefix.
    topic_id: str
    partition: int


class Ranges:
    """Offsets as ranges without gaps; they come nearly in order, so there are few."""

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []  # One after the last.

    def __len__(self) -> int:
        return len(self._begins)

    def add(self, offset: int, end: int | None = None) -> None:
        """Take an offset, or all before an end."""
        end = offset + 1 if end is None else end
        first = bisect_right(self._ends, offset - 1)  # The first that it may touch.
        last = bisect_right(self._begins, end)
        if first < last:
            offset, end = min(offset, self._begins[first]), max(end, self._ends[last - 1])
        self._begins[first:last], self._ends[first:last] = [offset], [end]
        if len(self._begins) > RANGES_MAX:
            del self._begins[0], self._ends[0]

    def gaps(self, end: int) -> Iterator[tuple[int, int]]:
        """Yield what is missing between the first one and an end."""
        position = self._begins[0] if self._begins else end
        for begin, until in zip(self._begins, self._ends, strict=True):
            if position >= end:
                return
            if begin > position:
                yield position, min(begin, end)
            position = max(position, until)
        if position < end:
            yield position, end


class Inputs:
    """The offsets of each input that are in the log, or among the dead letters."""

    def __init__(self) -> None:
        self._held: dict[InputPlace, Ranges] = {}
        # By place and key: floods cut one account's signals among those of others.
        self._floods: dict[tuple[InputPlace, str | None], list[tuple[int, int]]] = {}
        self._first_ms: dict[int, int] = {}  # By partition of the log.

    @property
    def began_ms(self) -> int:
        """From when on every partition of the log was read, by append time."""
        return max(self._first_ms.values(), default=0)

    def take(self, record: Record, source: Source | None) -> None:
        """Note which input an event is of."""
        self._first_ms.setdefault(record.partition, record.timestamp_ms)
        if source is not None:
            self.held(_place(source)).add(source.offset)

    def take_dead(self, letter: DeadLetter) -> None:
        """Note what a dead letter stands for."""
        source, place = letter.source, _place(letter.source)
        together = _TOGETHER.search(letter.error)
        if together is None:
            self.held(place).add(source.offset)
        elif letter.error.startswith("Flood"):
            many = self._floods.setdefault((place, source.key), [])
            many.append((int(together[1]), int(together[2])))
        else:
            self.held(place).add(int(together[1]), int(together[2]) + 1)

    def held(self, place: InputPlace) -> Ranges:
        """Return what is there of a partition."""
        return self._held.setdefault(place, Ranges())

    def was_cut(self, place: InputPlace, offset: int, key: str | None) -> bool:
        """Return whether a dead letter reports a record as part of a flood."""
        floods = self._floods.get((place, key), ())
        return any(first <= offset <= last for first, last in floods)


def _place(source: Source | DeadSource) -> InputPlace:
    return InputPlace(source.topic, source.topic_id, source.partition)
