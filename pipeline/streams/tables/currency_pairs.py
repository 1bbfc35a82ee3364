"""Which instruments name a currency pair, and which of them is the source of its rate.

The first instrument that named a pair, either way round, is its source until its document is
withdrawn; then the earliest that stands. Apart from tables.py because no price is needed for it.
"""

from collections import deque
from heapq import nsmallest
from typing import NamedTuple

from topics.instruments import Instrument

__all__ = ["Conflict", "CurrencyPairs", "Pair", "Place", "unordered"]

# Of a pair that several instruments name, as many are offered to risk: it knows from the log which
# was first, also where compaction took away what told these tables.
OFFERED_MAX = 4

Pair = tuple[str, str]  # Base and settlement currency, or two currencies by name.
Place = tuple[int, int, int]  # Of a document: append time in ms, partition, offset.


class Conflict(NamedTuple):
    """A pair that several instruments name or named, as risk is to be told."""

    sources: tuple[str, ...]  # Symbols, the earliest first; the first is the source.
    others: int  # How many more name it.
    withdrawn: str | None  # The source before, once it has ceased to name the pair.


class _Naming:
    """Who names one pair."""

    __slots__ = ("is_news", "lost", "offered", "places", "told")

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}  # By symbol: where it named the pair first.
        self.offered: tuple[str, ...] = ()  # Replaced whole, as other threads read it.
        self.told: str | None = None  # The source in the last conflict that was taken.
        self.lost: str | None = None  # The same once it has ceased to name the pair.
        self.is_news = False  # A conflict waits to be taken.

    @property
    def is_untold(self) -> bool:
        """Whether risk does not know yet who is the source now, though it matters."""
        if self.lost is not None:
            return bool(self.offered)
        return len(self.offered) > 1 and self.offered[0] != self.told

    def add(self, symbol: str, place: Place) -> None:
        """Let a symbol name the pair; what named it already keeps its place."""
        if symbol in self.places:
            return
        self.places[symbol] = place
        if len(self.offered) < OFFERED_MAX or place < self.places[self.offered[-1]]:
            self.offered = self._earliest([*self.offered, symbol])

    def drop(self, symbol: str) -> None:
        """Let a symbol name the pair no more."""
        del self.places[symbol]
        if symbol == self.told:
            self.told, self.lost = None, symbol
        if symbol in self.offered:
            self.offered = self._earliest(self.places)

    def _earliest(self, symbols: "list[str] | dict[str, Place]") -> tuple[str, ...]:
        return tuple(nsmallest(OFFERED_MAX, symbols, key=self.places.__getitem__))


class CurrencyPairs:
    """One thread names and withdraws, others ask; a document costs the same with 20,000 others."""

    def __init__(self) -> None:
        self._pairs: dict[str, Pair] = {}  # By symbol.
        self._namings: dict[Pair, _Naming] = {}
        self._news: deque[Pair] = deque()  # Each pair once: bounded by the pairs there are.

    def name(self, instrument: Instrument, place: Place) -> None:
        """Take an instrument's document; one of the same pair as before keeps its place."""
        pair, symbol = _pair_of(instrument), instrument.symbol
        if pair != self._pairs.get(symbol):
            self.withdraw(symbol)
        if pair is not None:
            self._pairs[symbol] = pair
            naming = self._namings.setdefault(unordered(pair), _Naming())
            naming.add(symbol, place)
            self._note(unordered(pair), naming)

    def withdraw(self, symbol: str) -> None:
        """Forget what an instrument named."""
        pair = self._pairs.pop(symbol, None)
        if pair is not None:
            naming = self._namings[unordered(pair)]
            naming.drop(symbol)
            self._note(unordered(pair), naming)

    def sources(self, first: str, second: str) -> tuple[str, ...]:
        """Return who names the pair of two currencies, the source first, the next few after it."""
        naming = self._namings.get(unordered((first, second)))
        return () if naming is None else naming.offered

    def pair(self, symbol: str) -> Pair | None:
        """Return the pair that an instrument names: base and settlement currency."""
        return self._pairs.get(symbol)

    def source_of(self, symbol: str) -> Pair | None:
        """Return the two currencies, by name, whose rate an instrument is the source of."""
        pair = self._pairs.get(symbol)
        if pair is None:
            return None
        naming = self._namings[unordered(pair)]
        return unordered(pair) if naming.offered[:1] == (symbol,) else None

    def take_conflicts(self) -> list[Conflict]:
        """Return the pairs that several instruments name and of which nobody was told so yet."""
        conflicts = []
        while self._news:
            naming = self._namings[self._news.popleft()]
            naming.is_news = False
            if naming.is_untold:
                sources, others = naming.offered, len(naming.places) - len(naming.offered)
                conflicts.append(Conflict(sources, others, naming.lost))
                naming.told, naming.lost = sources[0] if len(sources) > 1 else None, None
        return conflicts

    def _note(self, pair: Pair, naming: _Naming) -> None:
        if naming.is_untold and not naming.is_news:
            naming.is_news = True
            self._news.append(pair)


def _pair_of(instrument: Instrument) -> Pair | None:
    base, settlement = instrument.base_currency, instrument.settlement_currency
    if instrument.kind != "linear" or base is None or base == settlement:
        return None
    return base, settlement


def unordered(pair: Pair) -> Pair:
    """Name a pair of currencies the same either way round."""
    first, second = pair
    return pair if first < second else (second, first)
