"""Named places of a risk worker at which it dies by SIGKILL, or stands still by SIGSTOP.

`arm` wraps what is called there, in the process that is to be hit; a worker that runs without it
has none of this. Each place is passed many times, and a fault says at which pass it strikes. What
the worker has sent by then is with Kafka or is not, as with any other death.
"""
# ruff: noqa: SLF001 - Such places are inside.

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import GroupMetadata

from pipeline.streams.engine.application import _StatePartition
from pipeline.streams.engine.checkpoint import Checkpoints
from pipeline.streams.engine.keepers import StateKeeper, Transactions
from pipeline.streams.engine.restore import Restores
from pipeline.streams.engine.sender import Sender
from pipeline.streams.engine.takeover import Takeover
from pipeline.streams.roles.decide.decide import Risk
from pipeline.streams.roles.decide.redo import Redo

__all__ = ["LATER", "RESTORING", "Fault", "Strike", "arm", "draw_fault", "withhold"]

RANDOM = "at a random moment"
RESTORING = "while state is restored"
LATER = "a place that was not reached in time"
COMMIT_SECONDS = 0.01  # About what a commit takes.
LINGER_SECONDS_MAX = 0.005  # After something was handed to Kafka's client.
WORK_SECONDS_MAX = 2.0  # From the first record of a life to its death at the latest.
AFTER_FREEZE_SECONDS = 6.0
WITHHELD_SECONDS = 0.2, 1.2  # Less than WORK_SECONDS_MAX, more than most checkpoints wait.


class Fault(NamedTuple):
    """What happens to one life of a worker."""

    place: str
    passes: int
    linger_s: float
    number: signal.Signals  # SIGKILL or SIGSTOP.
    seed: int  # Of what is drawn when it strikes.


class Strike:
    """Count the passes of a place, and strike at the right one."""

    def __init__(self, fault: Fault, note: Callable[[str], None]) -> None:
        self.draw = random.Random(fault.seed)
        self._fault = fault
        self._note = note  # The last word of a life.
        self._left = fault.passes
        self._is_working = self._was_frozen = False

    def __call__(self) -> None:
        """Pass; die or freeze when it is time."""
        if self.is_due():
            self.act()

    def is_due(self) -> bool:
        """Pass; return whether it is time."""
        self._left -= 1
        return self._left == 0

    def act(self) -> None:
        """Die or freeze now."""
        time.sleep(self._fault.linger_s)
        self._note(self._fault.place)
        self._was_frozen = self._fault.number == signal.SIGSTOP
        os.kill(os.getpid(), self._fault.number)

    def begin(self) -> None:
        """Note that the worker applies records: from now on its life is short."""
        if not self._is_working:
            self._is_working = True
            threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        """Die in any case after a while."""
        if self._fault.place == RANDOM:
            time.sleep(self.draw.uniform(0.0, WORK_SECONDS_MAX / 2))
            self.act()
        else:
            time.sleep(WORK_SECONDS_MAX)
        if self._was_frozen:
            time.sleep(AFTER_FREEZE_SECONDS)  # It may say twice what others said meanwhile.
        self._note(LATER)
        os.kill(os.getpid(), signal.SIGKILL)


class _Struck:
    """quixstreams' transactional producer, hit before or after its commit."""

    def __init__(
        self,
        transactions: Transactions,
        *,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.begin_transaction = transactions.begin_transaction
        self.abort_transaction = transactions.abort_transaction
        self._commit_transaction = transactions.commit_transaction
        self._before, self._after = before, after

    def commit_transaction(
        self, positions: list[TopicPartition], group_metadata: GroupMetadata, timeout: float
    ) -> None:
        self._before()
        self._commit_transaction(positions, group_metadata, timeout)
        self._after()


def _before_commit(keeper: StateKeeper, strike: Strike) -> None:
    keeper._transactions = _Struck(keeper._transactions, before=strike)


def _inside_commit(keeper: StateKeeper, strike: Strike) -> None:
    def begin() -> None:
        if strike.is_due():
            seconds = strike.draw.uniform(0.0, COMMIT_SECONDS)
            threading.Timer(seconds, strike.act).start()

    keeper._transactions = _Struck(keeper._transactions, before=begin)


def _after_commit(keeper: StateKeeper, strike: Strike) -> None:
    keeper._transactions = _Struck(keeper._transactions, after=strike)


def _after_produce(sender: Sender, strike: Strike) -> None:
    if not sender._is_transactional:  # Of outputs, not of the changelog.
        strike()


def _release_half(sender: Sender, strike: Strike) -> None:
    """Send the first half of what is held, and no more."""
    held = sender._held
    if len(held) < 2 or not strike.is_due():
        return
    sender._send_all(held[: len(held) // 2])
    strike.act()


class _Silent:
    """A producer whose broker answers no more: what it is given stays with it."""

    def __init__(self, producer: Producer) -> None:
        self.poll, self.flush = producer.poll, producer.flush

    def produce(self, *_: object, **__: object) -> None:
        """Take a message, as Kafka's client does while it waits for a broker."""


def withhold(sender: Sender, strike: Strike) -> None:
    """Let no output through any more, and strike when a commit had its time.

    On one machine outputs are always there before a commit is: only so it is seen whether a
    checkpoint waits for them. One that does not is kept, and its outputs are lost.
    """
    if not sender._is_transactional and strike.is_due():
        sender.producer = _Silent(sender.producer)
        threading.Timer(strike.draw.uniform(*WITHHELD_SECONDS), strike.act).start()


class _Place(NamedTuple):
    """Where a worker may be hit: before or after a method."""

    kind: type
    method: str
    passes: int  # How often it may be passed before the fault strikes.
    is_after: bool = False
    hit: Callable[[Any, Strike], None] = lambda _, strike: strike()


_PLACES = {
    RANDOM: _Place(Risk, "apply", 1, hit=lambda *_: None),
    "before a checkpoint": _Place(Checkpoints, "_begin", 3),
    "at its barrier": _Place(Checkpoints, "_begin", 3, is_after=True),
    "while its state is sent": _Place(StateKeeper, "_send", 30, is_after=True),
    "before its commit": _Place(StateKeeper, "__init__", 3, is_after=True, hit=_before_commit),
    "inside its commit": _Place(StateKeeper, "__init__", 3, is_after=True, hit=_inside_commit),
    "after its commit": _Place(StateKeeper, "__init__", 3, is_after=True, hit=_after_commit),
    "after the disk has it": _Place(_StatePartition, "write_changes", 3, is_after=True),
    "between produce and delivery": _Place(Sender, "send", 40, is_after=True, hit=_after_produce),
    "while held outputs are released": _Place(Sender, "send_held", 8, hit=_release_half),
    "while Kafka takes no outputs": _Place(Sender, "send", 40, hit=withhold),
    "in a redo, before an event": _Place(Redo, "to_send", 4),
    "in a redo, before its outputs are sent": _Place(Redo, "to_send", 4, is_after=True),
    RESTORING: _Place(Restores, "_take", 2, is_after=True),
    "while a partition is taken over": _Place(Takeover, "_check_last_records", 1, is_after=True),
}


def draw_fault(draw: random.Random, number: signal.Signals) -> Fault:
    """Draw a place and when the fault strikes there."""
    place = draw.choice(list(_PLACES))
    linger_s = draw.choice((0.0, draw.uniform(0.0, LINGER_SECONDS_MAX)))
    passes = draw.randint(1, _PLACES[place].passes)
    return Fault(place, passes, linger_s, number, seed=draw.getrandbits(32))


def arm(fault: Fault, note: Callable[[str], None]) -> None:
    """Let a fault strike this process, and `note` hear of its place just before."""
    strike, place = Strike(fault, note), _PLACES[fault.place]
    _wrap(Risk, "apply", before=lambda _: strike.begin())
    if place.is_after:
        _wrap(place.kind, place.method, after=lambda it: place.hit(it, strike))
    else:
        _wrap(place.kind, place.method, before=lambda it: place.hit(it, strike))


def _wrap(
    kind: type,
    name: str,
    *,
    before: Callable[[Any], object] = lambda _: None,
    after: Callable[[Any], object] = lambda _: None,
) -> None:
    """Call something with the object before and after one of its methods."""
    method = getattr(kind, name)

    def wrapped(self: object, *given: object, **named: object) -> object:
        before(self)
        result = method(self, *given, **named)
        after(self)
        return result

    setattr(kind, name, wrapped)
