"""A proposal: the order under judgement, at one quantity, with what it would do to exposure.

The gate asks every rule at the requested quantity, and looks for the largest one that passes all.
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
    """What of an order does not depend on its quantity."""

    signal: Signal
    side: Side
    holding: Holding
    reference: Decimal | None  # Fresh ask for a buy, bid for a sell, else mark, else last.
    price: Decimal | None  # Order price: the limit, or the reference with the collar.
    own_price: Decimal | None  # Price of its own notional when it opens.
    entry_price: Decimal | None  # Where it will most likely fill; stops and risk count from it.
    reducible_quantity: Decimal  # The largest proven exit, in units.
    lot: Decimal | None  # None without an instrument.
    asked: Decimal | None  # As asked or as sized, before flooring; None when it cannot be sized.
    point_value: Decimal | None = None  # From worth to the account's currency; None without a rate.
    inverse: Decimal | None = None  # The multiplier, when the instrument is an inverse one.
    rate: Decimal | None = ONE  # Of the settlement currency; None when missing or stale.
    rate_ms: int | None = None  # Its as_of, in another currency than the account's.
    sessions: tuple[Session, ...] = ()  # Of the instrument's exchange, around now.
    stop: Decimal | None = None  # Where the position it opens is given up.

    @property
    def foreign(self) -> bool:
        """Whether its money has no known rate to the account's currency."""
        return self.holding.instrument is not None and self.point_value is None

    @property
    def exact(self) -> bool:
        """Whether its money is worked out without a division: linear, in the account's currency."""
        return self.inverse is None and self.rate is ONE


class CandidateOrder(Struct, frozen=True, gc=False):
    """Money is in the account's currency; None is unknown."""

    terms: OrderTerms
    quantity: Decimal  # In units, whole lots.
    exempt: bool  # A proven exit.
    notional: Decimal | None  # Of the order itself.
    worst_notional: Decimal | None  # Of the symbol on the order's side if all fills.
    opened_notional: Decimal | None  # What the order opens, at its own price.
    order_notional: Decimal | None = None  # Of the order at its order price, as it is reserved.


def candidate(terms: OrderTerms, quantity: Decimal) -> CandidateOrder:
    """Work out what an order of this quantity would do."""
    exempt = ZERO < quantity <= terms.reducible_quantity
    holding, price, point_value = terms.holding, terms.price, terms.point_value
    if point_value is None or price is None or terms.asked is None:
        return CandidateOrder(terms, quantity, exempt, None, None, None)
    inverse = terms.inverse
    at_worst = price if exempt or terms.own_price is None else terms.own_price
    ordered = own = notional(quantity, price, inverse)
    if at_worst is not price:
        own = notional(quantity, at_worst, inverse)
    held, working = own_side(terms)
    value, opening = held_notional(holding) if held else ZERO, own
    worst: Decimal | None = None
    if value is not None and held >= ZERO:
        worst = working.notional + ordered
        if held:
            worst += value
    if held < ZERO:
        before = working.quantity
        opened = before + quantity
        if value is not None:
            worst = worst_case(held, ZERO, Working(opened, working.notional + ordered))
        opened, before = max(opened + held, ZERO), max(before + held, ZERO)
        opening = notional(opened - before, at_worst, inverse)
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
    """Return the position with the sign of the order's side, and what is reserved there."""
    holding = terms.holding
    if terms.side == "buy":
        return holding.position.quantity, holding.buys
    return -holding.position.quantity, holding.sells


def largest(
    order: CandidateOrder, passes: Callable[[CandidateOrder], bool], *, guess: Decimal | None
) -> Decimal:
    """Return the largest quantity in whole lots below the proposal's own that passes, else 0.

    A smaller quantity never breaches what a larger one passes, so bisection finds it exactly; a
    good guess leaves little to search.
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
    """The same order with nothing in it: what the account has without it."""
    return candidate(order.terms, ZERO)


def order_terms(signal: Signal, holding: Holding, *, fresh: bool, collar: Decimal) -> OrderTerms:
    """Fix what does not depend on the quantity. `fresh`: the quote is no older than allowed."""
    side: Side = "sell" if signal.side == "sell" else "buy"
    reference = reference_price(holding.quote, side) if fresh else None
    inverse = holding.inverse
    price = signal.limit_price
    if price is None and reference is not None:
        price = market_price(reference, side, collar)
    if inverse is not None and price is not None and price <= ZERO:
        price = None  # No price of an inverse instrument.
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
    """Ask for a buy, bid for a sell, else mark, else last."""
    if quote is None:
        return None
    price = quote.ask if side == "buy" else quote.bid
    if price is None:
        price = quote.mark if quote.mark is not None else quote.last
    return price


def market_price(reference: Decimal, side: Side, collar: Decimal) -> Decimal:
    """The worst price that a market order may reach within the collar."""
    return reference * (ONE + collar if side == "buy" else ONE - collar)


def floored(terms: OrderTerms, quantity: Decimal) -> Decimal:
    """Round a quantity down to the lot; unknown lots round nothing."""
    return quantity if terms.lot is None else floor_to(quantity, terms.lot)
