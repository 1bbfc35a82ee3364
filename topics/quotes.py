"""What the market says, as events carry it: quotes, rates, sessions."""

from typing import Annotated

from msgspec import Struct

from topics.fields import EPOCH_MS, PRICE, Id, Millis, Number, Symbol, doc
from topics.instruments import Instrument


class Quote(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    symbol: Annotated[Symbol, doc("Instrument that is quoted.")]
    bid: Annotated[Number | None, doc("Best bid.", unit=PRICE, absent="none was published")] = None
    ask: Annotated[Number | None, doc("Best ask.", unit=PRICE, absent="none was published")] = None
    mark: Annotated[
        Number | None, doc("Mark price of the venue.", unit=PRICE, absent="none was published")
    ] = None
    last: Annotated[Number | None, doc("Last trade.", unit=PRICE, absent="none was published")] = (
        None
    )
    as_of_ms: Annotated[Millis, doc("When the market had these prices.", unit=EPOCH_MS)]
    offset: Annotated[int, doc("Offset of the message in `prices`; a newer one is larger.")]
    epoch: Annotated[
        str,
        doc(
            "Log that counts the offset: topic_id and partition of `prices`, with a colon.",
            absent="offsets count as of one log",
        ),
    ] = ""
    atr: Annotated[
        Number | None,
        doc("Mean true range of the last closed bars.", unit=PRICE, absent="it is unknown"),
    ] = None
    ewma: Annotated[
        Number | None,
        doc(
            "Volatility: root of the EWMA of squared log returns.",
            unit="fraction, per bar",
            absent="it is unknown",
        ),
    ] = None
    long_run: Annotated[
        Number | None,
        doc(
            "Standard deviation of the log returns of the long run.",
            unit="fraction, per bar",
            absent="it is unknown",
        ),
    ] = None


class Rate(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    base: Annotated[Id, doc("Currency that is converted.")]
    quote: Annotated[Id, doc("Currency that it is converted to.")]
    rate: Annotated[Number, doc("Exchange rate.", unit="units of quote per unit of base")]
    as_of_ms: Annotated[Millis, doc("When the market had this rate.", unit=EPOCH_MS)]
    source: Annotated[
        Symbol | None,
        doc(
            "Instrument whose price it is, where several name the pair: only one counts.",
            absent="only one names it",
        ),
    ] = None


class Market(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the tables held of one symbol when the event was written."""

    symbol: Annotated[Symbol, doc("Instrument that the account watches.")]
    instrument: Annotated[Instrument | None, doc("Its document.", absent="none is known")] = None
    quote: Annotated[Quote | None, doc("Its newest quote.", absent="none is known")] = None


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One session of an exchange."""

    open_ms: Annotated[Millis, doc("When it opens.", unit=EPOCH_MS)]
    close_ms: Annotated[Millis, doc("When it closes: the first instant after it.", unit=EPOCH_MS)]
    break_start_ms: Annotated[
        Millis | None, doc("When its break starts.", unit=EPOCH_MS, absent="there is no break")
    ] = None
    break_end_ms: Annotated[
        Millis | None,
        doc("The first instant after its break.", unit=EPOCH_MS, absent="there is no break"),
    ] = None
