"""Real daily bars of four markets from the installed package `arch`, replayed as quotes.

Only the pace is not real: a trading day takes a fraction of a second.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from pipeline.errors import StartupError
from topics.instruments import Instrument
from topics.prices import Price

__all__ = ["INSTRUMENTS", "QUOTES_PER_BAR", "Bar", "Day", "Quote", "load_days", "quotes_of"]

CURRENCY = "USD"
TICK = Decimal("0.01")
QUOTES_PER_BAR = 4
FIRST_DAY = date(2014, 7, 1)  # Afterwards oil halves twice and volatility triples.
SPREAD_RATIO = Decimal("0.0002")


class Bar(NamedTuple):
    """One day of one market."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Day(NamedTuple):
    """One day of all markets."""

    day: date
    bars: Mapping[str, Bar]  # By symbol.


class Quote(NamedTuple):
    """The current prices of a symbol."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal

    def message(self, now_ms: int) -> Price:
        """Return the quote as a message of the topic prices."""
        return Price(
            symbol=self.symbol, bid=self.bid, ask=self.ask, last=self.last, as_of_ms=now_ms
        )


class _Source(Struct, frozen=True):
    """A data file of the package; without `has_bars` it has closing prices only."""

    file: str
    close: str
    has_bars: bool


_SOURCES = {
    "SP500": _Source("sp500/sp500.csv.gz", "Close", has_bars=True),
    "NASDAQ": _Source("nasdaq/nasdaq.csv.gz", "Close", has_bars=True),
    "WTI": _Source("wti/wti.csv.gz", "DCOILWTICO", has_bars=False),
    "VIX": _Source("vix/vix.csv.gz", "vix", has_bars=False),
}
_GROUPS = {"SP500": "equity", "NASDAQ": "equity", "WTI": "energy", "VIX": "volatility"}

INSTRUMENTS: Mapping[str, Instrument] = {
    symbol: Instrument(
        symbol=symbol,
        settlement_currency=CURRENCY,
        tick_size=TICK,
        lot_size=Decimal(1),
        min_quantity=Decimal(1),
        min_notional=Decimal(100),
        groups=(_GROUPS[symbol],),
    )
    for symbol in _SOURCES
}


def load_days(count: int) -> list[Day]:
    """Return the first `count` days on which every market has a price.

    Raise StartupError when the package or a file is missing.
    """
    folder = _folder()
    series = {symbol: _bars(folder, source) for symbol, source in _SOURCES.items()}
    shared = set.intersection(*(set(bars) for bars in series.values()))
    days = sorted(day for day in shared if day >= FIRST_DAY)[:count]
    return [Day(day, {symbol: bars[day] for symbol, bars in series.items()}) for day in days]


def quotes_of(symbol: str, bar: Bar) -> Iterator[Quote]:
    """Yield four quotes of a bar: a rising day visits its low first, a falling day its high."""
    rose = bar.close >= bar.open
    turns = (bar.low, bar.high) if rose else (bar.high, bar.low)
    for last in (bar.open, *turns, bar.close):
        yield _quote(symbol, last)


def _quote(symbol: str, last: Decimal) -> Quote:
    half = max(_to_tick(last * SPREAD_RATIO / 2), TICK)
    last = _to_tick(last)
    return Quote(symbol, bid=last - half, ask=last + half, last=last)


def _to_tick(price: Decimal) -> Decimal:
    return price.quantize(TICK, ROUND_HALF_EVEN)


def _folder() -> Path:
    # Only its files are needed; importing it would take seconds.
    package = find_spec("arch")
    if package is None or not package.submodule_search_locations:
        raise StartupError(
            "The demo's market data is in the package arch, which is not installed; "
            "`make install` in a clone of riskgate installs it"
        )
    return Path(package.submodule_search_locations[0]) / "data"


def _bars(folder: Path, source: _Source) -> dict[date, Bar]:
    try:
        text = gzip.decompress((folder / source.file).read_bytes()).decode()
    except OSError as error:
        raise StartupError(
            f"The package arch has no {source.file} ({error.strerror}); "
            "install the release that riskgate needs with: make install"
        ) from error
    bars: dict[date, Bar] = {}
    previous: Decimal | None = None
    for row in csv.DictReader(io.StringIO(text)):
        if not row[source.close].strip(" ."):
            continue  # A holiday.
        bar = _bar(row, source, previous)
        previous = bar.close
        bars[datetime.strptime(row["Date"], "%m/%d/%Y").date()] = bar  # noqa: DTZ007 - A day.
    return bars


def _bar(row: Mapping[str, str], source: _Source, previous: Decimal | None) -> Bar:
    close = Decimal(row[source.close])
    if source.has_bars:
        return Bar(Decimal(row["Open"]), Decimal(row["High"]), Decimal(row["Low"]), close)
    opened = close if previous is None else previous
    return Bar(opened, max(opened, close), min(opened, close), close)
