"""From where on the outputs are read again after a checkpoint, should its worker die.

Apart from sender.py because what was sent says it only once a takeover is over: until everything
that an owner before published is decided again, a checkpoint points to where that begins. Whoever
takes over from there compares all of it, whatever this worker has sent behind it meanwhile.
"""

from collections.abc import Mapping

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.role_interface import Place

__all__ = ["OutputEnds"]


class OutputEnds:
    """By partition of each topic of outputs: the first offset of what is decided later."""

    def __init__(self) -> None:
        # Behind the last message of this worker that Kafka has, or of others that it compared.
        self._delivered: dict[Place, int] = {}
        self._published: dict[Place, Bounds] = {}  # What was there at the takeover.
        self._until: dict[int, int] = {}  # By partition; see `redone_at`.

    def deliver(self, place: Place, offset: int) -> None:
        """Note what Kafka has, in order within a partition: what this worker sends is behind it."""
        self._delivered[place] = offset + 1

    def hold(self, published: Mapping[Place, Bounds]) -> None:
        """Point to where these ranges begin, until `redone_at` is reached."""
        for place, bounds in published.items():
            self._published[place] = bounds
            self._delivered.pop(place, None)  # By an earlier assignment; others came behind it.
            self._until.pop(place[1], None)

    def redone_at(self, partition: int, until: int) -> None:
        """Note the offset of the input from which on nothing is in the ranges of a partition."""
        self._until[partition] = until

    def at(self, positions: Mapping[Place, int]) -> dict[Place, int]:
        """Return, for each partition of outputs, a lower bound of what comes after positions.

        positions: by partition of the input, the next offset.
        """
        numbers = {number: position for (_, number), position in positions.items()}
        ends = {place: end for place, end in self._delivered.items() if place[1] in numbers}
        for place, published in self._published.items():
            position, until = numbers.get(place[1]), self._until.get(place[1])
            if position is None:
                continue
            if until is None or position < until:
                ends[place] = published.low
            else:
                ends[place] = max(published.high, ends.get(place, 0))
        return ends
