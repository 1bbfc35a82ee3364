"""Which instruments name a currency pair, and which of them is the source of its rate.

The first instrument that named a pair, in either direction, is its source until its document is
withdrawn; then the earliest of the others is. Apart from tables.py because this needs no prices.
"""

from collections import deque
from heapq import nsmallest
from typing import NamedTuple

from topics.instruments import Instrument

__all__ = ["Conflict", "CurrencyPairs", "Pair", "Place", "unordered"]

# If several instruments name a pair, risk is offered this many. The log tells it which was first,
# even after compaction removed the records that these tables would need to know it.
OFFERED_MAX = 4

Pair = tuple[str, str]  # Base and settlement currency, or two currencies by name.
Place = tuple[int, int, int]  # Of a document: append time in ms, partition, offset.


class Conflict(NamedTuple):
    """A pair that several instruments name or named, to be reported to risk."""

    sources: tuple[str, ...]  # Symbols, the earliest first; the first is the source.
    others: int  # How many more name the pair.
    withdrawn: str | None  # The previous source, if it no longer names the pair.


class _Naming:
    """The instruments that name one pair."""

    __slots__ = ("former", "is_queued", "offered", "places", "reported")

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}  # By symbol: where it first named the pair.
        # Replaced, never changed: other threads read it without a lock.
        self.offered: tuple[str, ...] = ()
        self.reported: str | None = None  # The source in the last reported conflict.
        self.former: str | None = None  # That source, once it no longer names the pair.
        self.is_queued = False  # It waits in the queue of conflicts.

    @property
    def is_unreported(self) -> bool:
        """Whether risk must still learn which instrument is the source now."""
        if self.former is not None:
            return bool(self.offered)
        return len(self.offered) > 1 and self.offered[0] != self.reported

    def add(self, symbol: str, place: Place) -> None:
        """Add a symbol that names the pair; one that already does keeps its place."""
        if symbol in self.places:
            return
        self.places[symbol] = place
        if len(self.offered) < OFFERED_MAX or place < self.places[self.offered[-1]]:
            self.offered = self._earliest([*self.offered, symbol])

    def drop(self, symbol: str) -> None:
        """Remove a symbol that no longer names the pair."""
        del self.places[symbol]
        if symbol == self.reported:
            self.reported, self.former = None, symbol
        if symbol in self.offered:
            self.offered = self._earliest(self.places)

    def _earliest(self, symbols: "list[str] | dict[str, Place]") -> tuple[str, ...]:
        return tuple(nsmallest(OFFERED_MAX, symbols, key=self.places.__getitem__))


class CurrencyPairs:
    """One thread writes, others read. The cost of a document does not grow with their number."""

    def __init__(self) -> None:
        self._pairs: dict[str, Pair] = {}  # By symbol.
        self._namings: dict[Pair, _Naming] = {}
        self._unreported: deque[Pair] = deque()  # Each pair once: bounded by the pairs there are.

    def name(self, instrument: Instrument, place: Place) -> None:
        """Add an instrument's document; if it names the same pair as before, it keeps its place."""
        pair, symbol = _pair_of(instrument), instrument.symbol
        if pair != self._pairs.get(symbol):
            self.withdraw(symbol)
        if pair is not None:
            self._pairs[symbol] = pair
            naming = self._namings.setdefault(unordered(pair), _Naming())
            naming.add(symbol, place)
            self._queue_report(unordered(pair), naming)

    def withdraw(self, symbol: str) -> None:
        """Remove an instrument's pair."""
        pair = self._pairs.pop(symbol, None)
        if pair is not None:
            naming = self._namings[unordered(pair)]
            naming.drop(symbol)
            self._queue_report(unordered(pair), naming)

    def sources(self, first: str, second: str) -> tuple[str, ...]:
        """Return the symbols that name a pair of currencies: the source, then the next few."""
        naming = self._namings.get(unordered((first, second)))
        return () if naming is None else naming.offered

    def pair(self, symbol: str) -> Pair | None:
        """Return an instrument's pair: base and settlement currency."""
        return self._pairs.get(symbol)

    def source_of(self, symbol: str) -> Pair | None:
        """Return the two currencies, sorted, if the instrument is the source of their rate."""
        pair = self._pairs.get(symbol)
        if pair is None:
            return None
        naming = self._namings[unordered(pair)]
        return unordered(pair) if naming.offered[:1] == (symbol,) else None

    def take_conflicts(self) -> list[Conflict]:
        """Return the unreported conflicts; from now on they count as reported."""
        conflicts = []
        while self._unreported:
            naming = self._namings[self._unreported.popleft()]
            naming.is_queued = False
            if naming.is_unreported:
                sources, others = naming.offered, len(naming.places) - len(naming.offered)
                conflicts.append(Conflict(sources, others, naming.former))
                naming.reported, naming.former = sources[0] if len(sources) > 1 else None, None
        return conflicts

    def _queue_report(self, pair: Pair, naming: _Naming) -> None:
        if naming.is_unreported and not naming.is_queued:
            naming.is_queued = True
            self._unreported.append(pair)


def _pair_of(instrument: Instrument) -> Pair | None:
    base, settlement = instrument.base_currency, instrument.settlement_currency
    if instrument.kind != "linear" or base is None or base == settlement:
        return None
    return base, settlement


def unordered(pair: Pair) -> Pair:
    """Return a pair of currencies sorted, so that both directions are equal."""
    first, second = pair
    return pair if first < second else (second, first)
