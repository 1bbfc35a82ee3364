"""Which prices of a quote are usable: at or below zero only where the instrument allows it.

Many feeds send 0 or -1 for "no quote". Such a price counts as absent, and a quote without any
other price counts as no quote.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.numbers import ZERO
from topics.events import Quote
from topics.instruments import Instrument


def allows(instrument: Instrument | None, price: Decimal) -> bool:
    """Return whether an instrument can have this price; an unknown one needs a price above zero."""
    return price > ZERO or (instrument is not None and instrument.prices_may_be_negative)


def usable(quote: Quote, instrument: Instrument | None) -> Quote | None:
    """Return a quote without the prices its instrument cannot have; None if no price is left.

    A quote with nothing to remove comes back as the same object, which callers test with `is`.
    """
    if instrument is not None and instrument.prices_may_be_negative:
        return quote
    prices = (quote.bid, quote.ask, quote.mark, quote.last)
    if all(price is None or price > ZERO for price in prices):
        return quote
    bid, ask, mark, last = (None if price is None or price <= ZERO else price for price in prices)
    if bid is None and ask is None and mark is None and last is None:
        return None
    return replace(quote, bid=bid, ask=ask, mark=mark, last=last)
