"""What ingest and broadcast know of the market: per symbol instrument, newest quote and bars.

Without a Kafka client, so that live roles and replay share it. One thread writes, others may read.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import asdict, replace

from pipeline.risk.book.holding import is_newer
from pipeline.risk.numbers import MONEY, ONE
from pipeline.risk.statistics.bars import Bars, Lengths, Seen
from pipeline.risk.valuation.quotes import allows, usable
from pipeline.streams.settings import Settings
from topics.events import Market, Quote, Rate
from topics.instruments import Instrument
from topics.prices import Price

__all__ = ["Arrived", "Tables"]

CLOCK_SKEW_MS_MAX = 1000  # A price from further ahead of its own append time is not used.
TWO = Decimal(2)

Pair = tuple[str, str]  # Base and settlement currency.


class Arrived(NamedTuple):
    """A quote, and when it was appended to `prices`."""

    quote: Quote
    at_ms: int


class Tables:
    """Bounded by the symbols there are: one quote, one instrument and one set of bars each."""

    def __init__(self, settings: Settings) -> None:
        self.prices_refused = 0  # From too far ahead.
        self.prices_empty = 0  # Without a price that their instrument can have.
        self.currencies = settings.account_currencies
        self._instruments: dict[str, Instrument] = {}
        self._quotes: dict[str, Arrived] = {}
        self._bars: dict[str, Bars] = {}
        self._lengths = Lengths(
            bar_ms=settings.bar_ms,
            atr_periods=settings.atr_periods,
            ewma_lambda=settings.ewma_lambda,
            long_run_bars=settings.long_run_bars,
        )
        self._pairs: dict[Pair, tuple[str, ...]] = {}  # Symbols whose price is that rate, by name.

    def apply_price(self, price: Price, *, offset: int, appended_ms: int, epoch: str = "") -> bool:
        """Take a quote; return False, keeping the older one, when it is not to be used.

        epoch: the log that counts the offset; across two logs the later as_of is newer.
        """
        if price.as_of_ms > appended_ms + CLOCK_SKEW_MS_MAX:
            self.prices_refused += 1
            return False
        quote = Quote(
            symbol=price.symbol,
            bid=price.bid,
            ask=price.ask,
            mark=price.mark,
            last=price.last,
            as_of_ms=price.as_of_ms,
            offset=offset,
            epoch=epoch,
        )
        if not is_newer(quote, self.quote(price.symbol)):
            return False
        instrument = self._instruments.get(price.symbol)
        known = quote if instrument is None else usable(quote, instrument)
        if known is None:
            self.prices_empty += 1
            return False
        told = replace(known, **self._statistics(known, price))
        self._quotes[price.symbol] = Arrived(told, appended_ms)
        return True

    def _statistics(self, quote: Quote, price: Price) -> dict[str, Decimal | None]:
        """Take a price into its symbol's bars, and return what the closed ones say."""
        instrument = self._instruments.get(price.symbol)
        bars = self._bars.get(price.symbol)
        if bars is None:
            bars = self._bars[price.symbol] = Bars(self._lengths)
        seen = _bar_price(quote)
        if seen is not None:
            high, low = (
                bound if bound is not None and allows(instrument, bound) else None
                for bound in (price.high, price.low)
            )
            bars.take(Seen(seen, price.as_of_ms, high, low))
        return asdict(bars.statistics)

    def apply_instrument(self, instrument: Instrument) -> None:
        """Take an instrument in the place of an older one of its symbol."""
        older = self._instruments.get(instrument.symbol)
        if older is not None and _pair(older) != _pair(instrument):
            self._move(_pair(older), instrument.symbol, present=False)
        self._move(_pair(instrument), instrument.symbol, present=True)
        self._instruments[instrument.symbol] = instrument

    def market(self, symbol: str) -> Market:
        """Return what is known of a symbol, as an event carries it."""
        return Market(
            symbol=symbol, instrument=self._instruments.get(symbol), quote=self.quote(symbol)
        )

    def quote(self, symbol: str) -> Quote | None:
        """Return the newest quote."""
        arrived = self._quotes.get(symbol)
        return None if arrived is None else arrived.quote

    def arrived(self, symbol: str) -> Arrived | None:
        """Return the newest quote with its append time."""
        return self._quotes.get(symbol)

    def rates(
        self, instrument: Instrument | None, fee_currency: str | None = None
    ) -> tuple[Rate, ...]:
        """Return the known rates that a fill of an instrument may need."""
        if instrument is None:
            return self.rates_of((fee_currency,))
        return self.rates_of(
            (instrument.settlement_currency, instrument.base_currency, fee_currency)
        )

    def rates_of(self, currencies: Iterable[str | None]) -> tuple[Rate, ...]:
        """Return the known rates of these currencies in each currency of accounts."""
        pairs = dict.fromkeys(
            (base, quote)
            for base in currencies
            for quote in self.currencies
            if base is not None and base != quote
        )
        rates = (self._rate(base, quote) for base, quote in pairs)
        return tuple(rate for rate in rates if rate is not None)

    def _rate(self, base: str, quote: str) -> Rate | None:
        direct = self._newest((base, quote))
        if direct is not None:
            price, as_of_ms = direct
            return Rate(base=base, quote=quote, rate=price, as_of_ms=as_of_ms)
        inverse = self._newest((quote, base))
        if inverse is not None:
            price, as_of_ms = inverse
            return Rate(base=base, quote=quote, rate=MONEY.divide(ONE, price), as_of_ms=as_of_ms)
        return None

    def _newest(self, pair: Pair) -> tuple[Decimal, int] | None:
        """Return the price of a pair and its time; of several symbols the newest, then by name."""
        newest: tuple[Decimal, int] | None = None
        for symbol in self._pairs.get(pair, ()):
            quote = self.quote(symbol)
            price = None if quote is None else _rate_price(quote)
            if quote is None or price is None:
                continue
            if newest is None or quote.as_of_ms > newest[1]:
                newest = price, quote.as_of_ms
        return newest

    def _move(self, pair: Pair | None, symbol: str, *, present: bool) -> None:
        if pair is None:
            return
        symbols = {*self._pairs.get(pair, ())} - {symbol}
        if present:
            symbols.add(symbol)
        if symbols:
            self._pairs[pair] = tuple(sorted(symbols))
        else:
            self._pairs.pop(pair, None)


def _pair(instrument: Instrument) -> Pair | None:
    base, settlement = instrument.base_currency, instrument.settlement_currency
    if instrument.kind != "linear" or base is None or base == settlement:
        return None
    return base, settlement


def _bar_price(price: Quote) -> Decimal | None:
    """Return last, else mark, else mid."""
    if price.last is not None:
        return price.last
    if price.mark is not None or price.bid is None or price.ask is None:
        return price.mark
    return MONEY.divide(MONEY.add(price.bid, price.ask), TWO)


def _rate_price(quote: Quote) -> Decimal | None:
    """Return mid, else mark, else last; a price that is not above zero is no rate."""
    price = quote.mark if quote.mark is not None else quote.last
    if quote.bid is not None and quote.ask is not None:
        price = MONEY.divide(MONEY.add(quote.bid, quote.ask), TWO)
    return price if price is not None and price > 0 else None
