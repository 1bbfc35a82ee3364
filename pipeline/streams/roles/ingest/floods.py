"""Floods: signals of one account beyond its bound become one dead letter, and no events.

Apart from ingest.py because nothing here decodes a record: a flood has to be cheaper to cut than to
send. The bound is on what goes into the log, so a replay of the log needs no clock.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pipeline.streams.role_interface import Record
from topics.codec import DecodeError

__all__ = ["Cut", "Floods"]

# An outage ends with what strategies sent during it; so much of it at once is no flood.
BURST_SECONDS = 10
FORGET_SECONDS = float(BURST_SECONDS)  # After so long without a signal, all of the burst is back.

Place = tuple[str, int, bytes | None]  # Topic, partition and key.


class Cut(NamedTuple):
    """Signals that followed each other in a partition, all of one account, and none passed on."""

    first: Record
    signals: int
    last: int  # Offset.
    rate_max: int

    @property
    def error(self) -> DecodeError:
        """The error that their dead letter reports."""
        return DecodeError(
            f"Flood: all {self.signals} signals of this key from offset {self.first.offset} to "
            f"{self.last} of this partition are refused without a decision; an account may send "
            f"{self.rate_max} a second, {BURST_SECONDS} times that at once "
            "(RISKGATE_SIGNAL_RATE_MAX)"
        )


class _Open:
    """A cut that goes on."""

    def __init__(self, first: Record) -> None:
        self.first, self.last, self.signals = first, first.offset, 1


class _Allowance(NamedTuple):
    signals: float
    at_s: float


class Floods:
    """Say of each signal whether it is cut; `take` returns what was, so that it can be reported.

    A cut lasts until it is taken, so it has no gaps: whoever sent signals knows from their offsets
    which are in it. rate_max: signals per second, of one key in one topic.
    """

    def __init__(self, rate_max: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._rate_max = rate_max
        self._now_s = now_s
        # By topic and key: another topic is another sender's, who must not be cut for this one.
        self._left: dict[tuple[str, bytes | None], _Allowance] = {}
        self._open: dict[Place, _Open] = {}
        self._forget_due_s = now_s() + FORGET_SECONDS

    def cuts(self, record: Record) -> bool:
        """Return whether a signal is one too many, and count it if so."""
        if self._open:
            cut = self._open.get((record.topic, record.partition, record.key))
            if cut is not None:
                cut.signals += 1
                cut.last = record.offset
                return True
        if self._pay(record):
            return False
        self._open[record.topic, record.partition, record.key] = _Open(record)
        return True

    def take(self) -> Iterator[Cut]:
        """Yield what was cut since this was asked last, and end these cuts."""
        taken, self._open = self._open, {}
        for cut in taken.values():
            yield Cut(cut.first, cut.signals, cut.last, self._rate_max)

    def drop(self, topic: str, partition: int) -> None:
        """Forget the cuts of a partition: whoever reads it from the last commit on reports them."""
        for place in [each for each in self._open if each[:2] == (topic, partition)]:
            del self._open[place]

    def _pay(self, record: Record) -> bool:
        """Take one signal off what a key may send; return whether there was one."""
        now_s, payer = self._now_s(), (record.topic, record.key)
        if now_s > self._forget_due_s:
            self._forget(now_s)
        burst = float(self._rate_max * BURST_SECONDS)
        before = self._left.get(payer)
        left = burst
        if before is not None:
            left = min(burst, before.signals + (now_s - before.at_s) * self._rate_max)
        if left < 1:
            return False
        self._left[payer] = _Allowance(left - 1, now_s)
        return True

    def _forget(self, now_s: float) -> None:
        """Drop the keys that may send a whole burst again, or they would add up for ever."""
        self._forget_due_s = now_s + FORGET_SECONDS
        self._left = {
            payer: left for payer, left in self._left.items() if now_s - left.at_s < FORGET_SECONDS
        }
