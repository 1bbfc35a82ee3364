"""Records of one batch in another order than their logs': topics and accounts take turns.

Only for a worker without a state, whose records go into another log: what that one holds of one
account and one partition still has the order of the input. Apart from progress.py because nothing
here hands a record on.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from confluent_kafka import Message

from pipeline.streams.clients.consumer_errors import is_partition_end
from pipeline.streams.clients.polling import Recorded
from pipeline.streams.engine.guarded import Passed
from pipeline.streams.role_interface import Place, Unreadable

__all__ = ["InOrder", "in_turn"]

Delivered = TypeVar("Delivered", bound=Message | Passed | Unreadable)


def in_turn(messages: Sequence[Delivered], ranks: Mapping[str, int]) -> Sequence[Delivered]:
    """Return a batch with the topics of the lowest rank first, and in each the keys in turn.

    The first record of every key comes before the second of any. Ends of partitions come last, as
    they are behind all records. A batch with any other error keeps its order: what it stands for
    has its place among the records.
    """
    seen: Counter[tuple[str, int, bytes | None]] = Counter()
    last = max(ranks.values(), default=0) + 1, 0
    turns: list[tuple[int, int]] = []
    for message in messages:
        if isinstance(message, Unreadable):
            return messages
        error = message.error()
        if error is not None:
            if not is_partition_end(error):
                return messages
            turns.append(last)
            continue
        topic = message.topic() or ""
        sender = topic, message.partition() or 0, message.key()
        turns.append((ranks[topic], seen[sender]))
        seen[sender] += 1
    order = sorted(range(len(messages)), key=turns.__getitem__)  # Stable: one key keeps its order.
    return [messages[number] for number in order]


class InOrder:
    """How far each partition was applied without a gap, while its records come in turn."""

    def __init__(self) -> None:
        self._expected: dict[Place, deque[Recorded]] = {}  # In the order of the log.
        self._early: dict[Place, set[int]] = {}  # Applied, but records before them are not.

    def expect(self, messages: Iterable[Message | Passed | Unreadable]) -> None:
        """Note which records come next, before they are taken in turn."""
        expected: dict[Place, list[Message | Passed]] = {}
        for message in messages:
            if not isinstance(message, Unreadable) and message.error() is None:
                place = message.topic() or "", message.partition() or 0
                expected.setdefault(place, []).append(message)
        # Some may be left of the batch before, in turn already.
        self._expected = {
            place: deque(sorted(each, key=_offset)) for place, each in expected.items()
        }

    @property
    def expects(self) -> bool:
        """Whether any record comes in turn; else each is the next of its partition."""
        return bool(self._expected)

    def applied(self, place: Place, message: Recorded) -> Recorded | None:
        """Return the last record before which all of its partition were applied; None: no news."""
        expected = self._expected.get(place)
        if not expected:
            return message
        early = self._early.setdefault(place, set())
        early.add(_offset(message))
        last: Recorded | None = None
        while expected and _offset(expected[0]) in early:
            last = expected.popleft()
            early.remove(_offset(last))
        return last

    def clear(self) -> None:
        """Forget what was expected: the partitions are others'."""
        self._expected.clear()
        self._early.clear()


def _offset(message: Recorded) -> int:
    return message.offset() or 0
