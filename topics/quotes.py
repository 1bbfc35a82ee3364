"""What the market says, as events carry it: quotes, rates, sessions."""

from msgspec import Struct

from topics.fields import Id, Millis, Number, Symbol
from topics.instruments import Instrument


class Quote(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    symbol: Symbol
    bid: Number | None = None  # All prices in the settlement currency.
    ask: Number | None = None
    mark: Number | None = None
    last: Number | None = None
    as_of_ms: Millis
    offset: int  # Of the prices message: newer is larger.
    epoch: str = ""  # The log that counts the offset: `<topic_id>:<partition>` of prices.
    atr: Number | None = None  # Mean true range of the last closed bars, a price; None: unknown.
    ewma: Number | None = None  # Volatility per bar by the EWMA of squared log returns, a ratio.
    long_run: Number | None = None  # Standard deviation of the long run's log returns, per bar.


class Rate(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    base: Id
    quote: Id
    rate: Number  # Units of quote per unit of base.
    as_of_ms: Millis
    source: Symbol | None = None  # Where several name the pair: risk knows which counts.


class Market(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the tables held of one symbol when the event was written."""

    symbol: Symbol
    instrument: Instrument | None = None
    quote: Quote | None = None


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One session of an exchange."""

    open_ms: Millis
    close_ms: Millis  # The first instant after it.
    break_start_ms: Millis | None = None
    break_end_ms: Millis | None = None  # The first instant after the break.
