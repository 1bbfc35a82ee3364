"""The stop of an entry: where the position it opens would be given up.

Apart from the rules because several need it: risk per trade, sizing, the stop that is watched.
"""

from decimal import Decimal

from pipeline.risk.account.contracts import contract_value, notional
from pipeline.risk.numbers import ONE, ZERO, remainder
from pipeline.risk.order.candidate_order import OrderTerms
from pipeline.risk.parameters import StopPrices
from topics.fields import Side
from topics.instruments import Instrument


def stop_price(terms: OrderTerms, stop: StopPrices, *, atr: Decimal | None) -> Decimal | None:
    """Return the signal's own stop, else one by ATR, else by ratio; None without any price.

    On the tick, rounded towards the entry. An ATR of 0 says nothing of the next bar: it is none.
    """
    price, own, side = terms.entry_price, terms.signal.stop_price, terms.side
    if price is None or (own is not None and (own >= price if side == "buy" else own <= price)):
        return own  # On the wrong side or without an entry: nothing to round it towards.
    instrument = terms.holding.instrument
    if own is None:
        return stop_at(price, side, instrument, distance=stop_distance(price, stop, atr=atr))
    return own if instrument is None else _on_tick(own, price, instrument.tick_size, side=side)


def stop_distance(price: Decimal, stop: StopPrices, *, atr: Decimal | None) -> Decimal:
    """Return how far from an entry its stop lies when nobody named one."""
    return stop.atr_multiple * atr if atr else stop.stop_ratio * abs(price)


def stop_at(
    price: Decimal, side: Side, instrument: Instrument | None, *, distance: Decimal
) -> Decimal:
    """Return the stop of an entry at a price, a distance away from it."""
    own = price - distance if side == "buy" else price + distance
    return own if instrument is None else _on_tick(own, price, instrument.tick_size, side=side)


def stop_on_tick(stop: Decimal, instrument: Instrument, quantity: Decimal) -> Decimal:
    """Round the stop of a held position to the tick towards its entry; quantity: signed."""
    tick = instrument.tick_size
    return _up(stop, tick) if quantity > ZERO else -_up(-stop, tick)


def _on_tick(stop: Decimal, price: Decimal, tick: Decimal, *, side: Side) -> Decimal:
    """Round to the tick towards the entry, but never to the entry: no order is without risk."""
    if side == "sell":
        return -_on_tick(-stop, -price, tick, side="buy")
    rounded = _up(stop, tick)
    return rounded if rounded < price else _up(price, tick) - tick


def _up(price: Decimal, tick: Decimal) -> Decimal:
    rest = remainder(price, tick)  # Of the price's sign.
    if not rest:
        return price
    whole = price - rest  # Of no more digits than the price has.
    return whole + tick if rest > ZERO else whole


def unit_risk(terms: OrderTerms, fee_ratio: Decimal) -> Decimal | None:
    """Return what a unit loses from the entry price to its stop, with the fees of both."""
    price, given_up, point_value, inverse = (
        terms.entry_price,
        terms.stop,
        terms.point_value,
        terms.inverse,
    )
    if price is None or given_up is None or point_value is None:
        return None
    if inverse is not None and (price <= ZERO or given_up <= ZERO):
        return None
    if inverse is None:
        loss = abs(price - given_up)
    else:
        loss = abs(contract_value(ONE, price, inverse) - contract_value(ONE, given_up, inverse))
    if fee_ratio:
        loss += fee_ratio * (notional(ONE, price, inverse) + notional(ONE, given_up, inverse))
    return loss * point_value
