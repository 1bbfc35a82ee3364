"""The order under judgement: its terms, and its effect on exposure at one quantity.

The gate checks every rule at the requested quantity, then searches for the largest that passes.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.contracts import notional
from pipeline.risk.account.holding import Holding, Working, reducible_quantity
from pipeline.risk.numbers import ONE, ZERO, floor_to, units
from pipeline.risk.order.order_prices import entry_price, own_price
from pipeline.risk.valuation.figures import worst_case
from pipeline.risk.valuation.held import held_notional
from topics.events import Quote, Session
from topics.fields import Side
from topics.signals import Signal


class OrderTerms(Struct, frozen=True, gc=False):
    """The part of an order that does not depend on its quantity."""

    signal: Signal
    side: Side
    holding: Holding
    reference: Decimal | None  # See reference_price; None without a fresh price.
    price: Decimal | None  # Order price: the limit, or the reference plus collar.
    own_price: Decimal | None  # Prices the order's own notional when it opens.
    entry_price: Decimal | None  # The likely fill price; stops and risk are measured from it.
    reducible_quantity: Decimal  # The largest proven exit, in units.
    lot: Decimal | None  # None without an instrument.
    asked: Decimal | None  # Requested or sized, not floored; None: cannot be sized.
    point_value: Decimal | None = None  # Contract value to account money; None without a rate.
    inverse: Decimal | None = None  # The multiplier of an inverse instrument.
    rate: Decimal | None = ONE  # Of the settlement currency; None when missing or stale.
    rate_ms: int | None = None  # The rate's as_of; None in the account's currency.
    sessions: tuple[Session, ...] = ()  # Of the instrument's exchange, around now.
    stop: Decimal | None = None  # Stop price of the position it opens.

    @property
    def foreign(self) -> bool:
        """Return whether its money cannot be converted to the account's currency."""
        return self.holding.instrument is not None and self.point_value is None

    @property
    def exact(self) -> bool:
        """Return whether its money involves no division: linear, in the account's currency.

        By identity: a rate of another currency may equal 1 and still come from a division.
        """
        return self.inverse is None and self.rate is ONE


class CandidateOrder(Struct, frozen=True, gc=False):
    """An order at one quantity. Money is in the account's currency; None is unknown."""

    terms: OrderTerms
    quantity: Decimal  # In units, whole lots.
    exempt: bool  # A proven exit.
    notional: Decimal | None  # Of the order alone, at its own price.
    worst_notional: Decimal | None  # Of the symbol, on the order's side, if all fills.
    opened_notional: Decimal | None  # Of the opening part, at its own price.
    order_notional: Decimal | None = None  # At the order price, as reserved.


def candidate(terms: OrderTerms, quantity: Decimal) -> CandidateOrder:
    """Work out the effect of an order at this quantity.

    The gate calls this for every order and every step of a search, so the common case (no opposite
    position) multiplies as little as possible.
    """
    exempt = ZERO < quantity <= terms.reducible_quantity
    holding, price, point_value = terms.holding, terms.price, terms.point_value
    if point_value is None or price is None or terms.asked is None:
        return CandidateOrder(terms, quantity, exempt, None, None, None)
    inverse = terms.inverse
    unit_price = price if exempt or terms.own_price is None else terms.own_price
    ordered = own = notional(quantity, price, inverse)
    if unit_price is not price:  # The same object means the same product.
        own = notional(quantity, unit_price, inverse)
    held, working = own_side(terms)
    value, opening = held_notional(holding) if held else ZERO, own
    worst: Decimal | None = None
    if value is not None and held >= ZERO:
        worst = working.notional + ordered
        if held:
            worst += value
    if held < ZERO:  # An opposite position: the side's orders first close it, then open.
        before = working.quantity
        opened = before + quantity
        if value is not None:
            worst = worst_case(held, ZERO, Working(opened, working.notional + ordered))
        opened, before = max(opened + held, ZERO), max(before + held, ZERO)
        opening = notional(opened - before, unit_price, inverse)
    return CandidateOrder(
        terms,
        quantity,
        exempt,
        own * point_value,
        None if worst is None else worst * point_value,
        opening * point_value,
        ordered * point_value,
    )


def own_side(terms: OrderTerms) -> tuple[Decimal, Working]:
    """Return the position, positive on the order's side, and the orders working on that side."""
    holding = terms.holding
    if terms.side == "buy":
        return holding.position.quantity, holding.buys
    return -holding.position.quantity, holding.sells


def largest(
    order: CandidateOrder, passes: Callable[[CandidateOrder], bool], *, guess: Decimal | None
) -> Decimal:
    """Return the largest quantity below the order's own that passes, in whole lots, else 0.

    A smaller quantity never breaches where a larger one passes, so bisection is exact. The guess
    and the lot above it are tried first; an exact guess ends the search in two steps.
    """
    terms = order.terms
    if terms.lot is None:
        return ZERO
    good, bad = 0, units(order.quantity, terms.lot)
    guessed = None if guess is None else units(guess, terms.lot)
    tried = [] if guessed is None else [guessed, guessed + 1]
    while bad - good > 1:
        middle = tried.pop(0) if tried else (good + bad) // 2
        if not good < middle < bad:
            continue
        if passes(candidate(terms, middle * terms.lot)):
            good = middle
        else:
            bad = middle
    return good * terms.lot


def emptied(order: CandidateOrder) -> CandidateOrder:
    """Return the order at quantity 0, for what the account measures without it."""
    return candidate(order.terms, ZERO)


def order_terms(signal: Signal, holding: Holding, *, fresh: bool, collar: Decimal) -> OrderTerms:
    """Work out what does not depend on quantity; fresh: the quote is not older than allowed."""
    side: Side = "sell" if signal.side == "sell" else "buy"
    reference = reference_price(holding.quote, side) if fresh else None
    inverse = holding.inverse
    price = signal.limit_price
    if price is None and reference is not None:
        price = market_price(reference, side, collar)
    if inverse is not None and price is not None and price <= ZERO:
        price = None  # Inverse value is undefined there.
    return OrderTerms(
        signal,
        side,
        holding,
        reference,
        price,
        own_price(price, reference, side, inverse=inverse is not None),
        entry_price(signal.limit_price, reference, side),
        reducible_quantity(holding, side),
        holding.instrument.lot_size if holding.instrument else None,
        signal.quantity,
        holding.point_value,
        inverse,
    )


def reference_price(quote: Quote | None, side: Side) -> Decimal | None:
    """Return the ask for a buy, the bid for a sell, else mark, else last."""
    if quote is None:
        return None
    price = quote.ask if side == "buy" else quote.bid
    if price is None:
        price = quote.mark if quote.mark is not None else quote.last
    return price


def market_price(reference: Decimal, side: Side, collar: Decimal) -> Decimal:
    """Return the worst price of a market order within the collar."""
    return reference * (ONE + collar if side == "buy" else ONE - collar)


def floored(terms: OrderTerms, quantity: Decimal) -> Decimal:
    """Round a quantity down to the lot; leave it unrounded if the lot is unknown."""
    return quantity if terms.lot is None else floor_to(quantity, terms.lot)
