"""The stop price of an entry: where the position it opens would be closed.

Not in a rule because several read it: risk_per_trade, sizing and stop_loss.
"""

from decimal import Decimal

from pipeline.risk.account.contracts import contract_value, notional
from pipeline.risk.numbers import ONE, ZERO, remainder
from pipeline.risk.order.candidate_order import OrderTerms
from pipeline.risk.parameters import StopPrices
from topics.fields import Side
from topics.instruments import Instrument


def stop_price(terms: OrderTerms, stop: StopPrices, *, atr: Decimal | None) -> Decimal | None:
    """Return the signal's own stop price, else one by ATR, else by ratio; None without a price.

    Rounded to the tick towards the entry. An ATR of 0 counts as none: it says nothing about the
    next bar.
    """
    price, own, side = terms.entry_price, terms.signal.stop_price, terms.side
    if price is None or (own is not None and (own >= price if side == "buy" else own <= price)):
        return own  # On the wrong side or without an entry price: no direction to round in.
    instrument = terms.holding.instrument
    if own is None:
        return stop_at(price, side, instrument, distance=stop_distance(price, stop, atr=atr))
    return own if instrument is None else _on_tick(own, price, instrument.tick_size, side=side)


def stop_distance(price: Decimal, stop: StopPrices, *, atr: Decimal | None) -> Decimal:
    """Return the distance from entry to stop price when the signal names none."""
    return stop.atr_multiple * atr if atr else stop.stop_ratio * abs(price)


def stop_at(
    price: Decimal, side: Side, instrument: Instrument | None, *, distance: Decimal
) -> Decimal:
    """Return the stop price at a distance on the losing side of an entry price."""
    if instrument is None:
        return price - distance if side == "buy" else price + distance
    if side == "sell":
        return -stop_at(-price, "buy", instrument, distance=distance)
    tick = instrument.tick_size
    nearest = _up(price - tick, tick)  # At least one tick away, also from a price between ticks.
    return min(_up(price - distance, tick), nearest if nearest <= price - tick else nearest - tick)


def stop_on_tick(stop: Decimal, instrument: Instrument, quantity: Decimal) -> Decimal:
    """Round the stop price of a position to the tick towards its entry; quantity is signed."""
    tick = instrument.tick_size
    return _up(stop, tick) if quantity > ZERO else -_up(-stop, tick)


def _on_tick(stop: Decimal, price: Decimal, tick: Decimal, *, side: Side) -> Decimal:
    """Round to the tick towards the entry, at least one tick away: no order is without risk."""
    if side == "sell":
        return -_on_tick(-stop, -price, tick, side="buy")
    rounded = _up(stop, tick)
    return rounded if rounded < price else _up(price, tick) - tick


def _up(price: Decimal, tick: Decimal) -> Decimal:
    odd = remainder(price, tick)  # Has the sign of the price.
    if not odd:
        return price
    truncated = price - odd  # Exact: needs no more digits than the price.
    return truncated + tick if odd > ZERO else truncated


def unit_risk(terms: OrderTerms, fee_ratio: Decimal) -> Decimal | None:
    """Return what one unit loses between entry and stop price, both fees included."""
    price, stop = terms.entry_price, terms.stop
    point_value, inverse = terms.point_value, terms.inverse
    if price is None or stop is None or point_value is None:
        return None
    if inverse is not None and (price <= ZERO or stop <= ZERO):
        return None
    if inverse is None:
        loss = abs(price - stop)
    else:
        loss = abs(contract_value(ONE, price, inverse) - contract_value(ONE, stop, inverse))
    if fee_ratio:
        loss += fee_ratio * (notional(ONE, price, inverse) + notional(ONE, stop, inverse))
    return loss * point_value
