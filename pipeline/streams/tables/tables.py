"""What ingest and broadcast know of the market: each symbol's instrument, newest quote and bars.

No Kafka client, so that live roles and replay share it. One thread writes; others may read.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import asdict, replace

from pipeline.risk.account.holding import is_newer
from pipeline.risk.numbers import MONEY, ONE, ZERO
from pipeline.risk.statistics.bars import Bars, Lengths, Seen
from pipeline.risk.valuation.quotes import allows, usable
from pipeline.streams.settings import Settings
from pipeline.streams.tables.currency_pairs import Conflict, CurrencyPairs, Pair, Place
from topics.events import Market, Quote, Rate
from topics.instruments import Instrument
from topics.prices import Price

__all__ = ["Arrived", "ArrivedRate", "Tables"]

CLOCK_SKEW_MS_MAX = 1000  # A price further ahead of its append time is not used.
TWO = Decimal(2)


class Arrived(NamedTuple):
    """A quote, and when it was appended to `prices`."""

    quote: Quote
    at_ms: int


class ArrivedRate(NamedTuple):
    """A rate, and when the quote of its source was appended to `prices`."""

    rate: Rate
    at_ms: int


class Tables:
    """Holds one quote, one instrument and one set of bars for each symbol."""

    def __init__(self, settings: Settings) -> None:
        self.prices_refused = 0  # Too far ahead of their append time.
        self.prices_empty = 0  # No price that their instrument can have.
        self.currencies = tuple(dict.fromkeys(settings.account_currencies))
        self._instruments: dict[str, Instrument] = {}
        self._quotes: dict[str, Arrived] = {}
        self._bars: dict[str, Bars] = {}
        self._lengths = Lengths(
            bar_ms=settings.bar_ms,
            atr_periods=settings.atr_periods,
            ewma_lambda=settings.ewma_lambda,
            long_run_bars=settings.long_run_bars,
        )
        self._pairs = CurrencyPairs()
        self._count = 0  # Instrument documents applied without a place.
        # By source and two currencies: the newest rate, and the quote it was computed from.
        self._rates: dict[tuple[str, str, str], tuple[Quote, Rate]] = {}

    def apply_price(self, price: Price, *, offset: int, appended_ms: int, epoch: str = "") -> bool:
        """Apply a price; return False, keeping the older quote, if it must not be used.

        epoch: identifies the log of the offset; across two logs, the later as_of is newer.
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
        complete = replace(known, **self._statistics(known, price))
        self._quotes[price.symbol] = Arrived(complete, appended_ms)
        return True

    def _statistics(self, quote: Quote, price: Price) -> dict[str, Decimal | None]:
        """Add a price to its symbol's bars, and return the statistics of the closed bars."""
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

    def apply_instrument(self, instrument: Instrument, place: Place | None = None) -> None:
        """Replace the instrument of a symbol.

        place: of its document in the topic; without one, the order of calls counts.
        """
        if place is None:
            self._count += 1
            place = self._count, 0, 0
        self._pairs.name(instrument, place)
        self._instruments[instrument.symbol] = instrument

    def withdraw_instrument(self, symbol: str) -> None:
        """Remove an instrument whose document was deleted; its quote stays."""
        self._pairs.withdraw(symbol)
        self._instruments.pop(symbol, None)

    def take_conflicts(self) -> list[tuple[Instrument, Conflict]]:
        """Return each unreported conflict, with the second instrument that names the pair."""
        found = [
            (self._instruments.get(conflict.sources[:2][-1]), conflict)
            for conflict in self._pairs.take_conflicts()
        ]
        return [(document, conflict) for document, conflict in found if document is not None]

    def market(self, symbol: str) -> Market:
        """Return a symbol's market data, as events carry it."""
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

    def rates_of(
        self, currencies: Iterable[str | None], account_currency: str | None = None
    ) -> tuple[Rate, ...]:
        """Return the known rates of currencies against one account currency, or against all."""
        quotes = self.currencies if account_currency is None else (account_currency,)
        rates: list[Rate] = []
        for base in dict.fromkeys(currencies):
            for quote in quotes:
                if base is not None and base != quote:
                    rates += self._rates_between(base, quote)
        return tuple(rates)

    def newest_rate(self, base: str, quote: str) -> ArrivedRate | None:
        """Return a pair's rate from its source, and when that quote was appended."""
        sources = self._pairs.sources(base, quote)
        arrived = self._quotes.get(sources[0]) if sources else None
        rate = None if arrived is None else self._rate(sources[0], base, quote)
        return None if arrived is None or rate is None else ArrivedRate(rate, arrived.at_ms)

    def rate_pair(self, symbol: str) -> Pair | None:
        """Return the two currencies, sorted, if the instrument is the source of their rate."""
        return self._pairs.source_of(symbol)

    def _rates_between(self, base: str, quote: str) -> list[Rate]:
        """Return a pair's rate; if several instruments name it, one rate for each of them."""
        sources = self._pairs.sources(base, quote)
        rates = [self._rate(symbol, base, quote) for symbol in sources]
        if len(sources) < 2:
            return [rate for rate in rates if rate is not None]
        offered = zip(sources, rates, strict=True)
        return [replace(rate, source=symbol) for symbol, rate in offered if rate is not None]

    def _rate(self, symbol: str, base: str, quote: str) -> Rate | None:
        newest = self.quote(symbol)
        if newest is None:
            return None
        known = self._rates.get((symbol, base, quote))
        # Quotes are replaced, never changed: the same object has the same rate, which saves a
        # division for each event.
        if known is not None and known[0] is newest:
            return known[1]
        price, pair = _rate_price(newest), self._pairs.pair(symbol)
        if price is None or pair is None or {*pair} != {base, quote}:
            return None  # The table's thread may have withdrawn the instrument meanwhile.
        if pair != (base, quote):
            price = MONEY.divide(ONE, price)
        rate = Rate(base=base, quote=quote, rate=price, as_of_ms=newest.as_of_ms)
        self._rates[symbol, base, quote] = newest, rate
        return rate


def _bar_price(price: Quote) -> Decimal | None:
    """Return the last price, else the mark, else the mid price."""
    if price.last is not None:
        return price.last
    if price.mark is not None or price.bid is None or price.ask is None:
        return price.mark
    return MONEY.divide(MONEY.add(price.bid, price.ask), TWO)


def _rate_price(quote: Quote) -> Decimal | None:
    """Return the mid price, else the mark, else the last; prices must be above zero."""
    bid, ask = quote.bid, quote.ask
    if bid is not None and ask is not None and bid > ZERO and ask > ZERO:
        return MONEY.divide(MONEY.add(bid, ask), TWO)
    prices = (quote.mark, quote.last)
    return next((price for price in prices if price is not None and price > ZERO), None)
