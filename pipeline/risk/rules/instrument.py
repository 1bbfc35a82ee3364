"""Keep orders within the instrument's tick, lot, quantity bounds and minimum notional."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.numbers import ONE, ZERO, exceeds, remainder
from pipeline.risk.order.candidate_order import CandidateOrder, floored
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check
from topics.instruments import Instrument


class InstrumentTerms(Rule, frozen=True, kw_only=True):
    PLACE = 70
    UNIT = "quantity"
    MINIMUMS = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        instrument = order.terms.holding.instrument
        if instrument is None:
            return self.unknown()
        bad_price = self._bad_price(order, instrument)
        if bad_price is not None:
            return bad_price
        if order.terms.asked is None:
            return self.unknown()
        small = self._too_small(order, instrument)
        if small is not None:
            return small
        if instrument.max_quantity is None:
            return self.numbers("pass", order.quantity)
        return self.exact_cap(order.quantity, instrument.max_quantity)

    def _bad_price(self, order: CandidateOrder, instrument: Instrument) -> Check | None:
        """Return a breach for a price of the signal at or below zero, or off the tick."""
        signal = order.terms.signal
        for price in (signal.limit_price, signal.stop_price):
            if price is not None and price <= ZERO and not instrument.prices_may_be_negative:
                return replace(self.numbers("breach", price, ZERO), unit="price")
        price, tick = signal.limit_price, instrument.tick_size
        if price is not None and remainder(price, tick):
            return replace(self.numbers("breach", price, tick), unit="price")
        return None

    def _too_small(self, order: CandidateOrder, instrument: Instrument) -> Check | None:
        """Return a breach below a minimum, unless the order closes the whole position."""
        quantity, minimum = order.quantity, instrument.min_quantity
        if quantity <= ZERO or (quantity < minimum and not _closes_all(order)):
            return self.numbers("breach", quantity, minimum, headroom=quantity - minimum)
        if instrument.min_notional is None or _closes_all(order):
            return None
        notional = order.notional
        if notional is None:
            return replace(self.unknown(), unit="money")
        minimum_value = instrument.min_notional * (order.terms.rate or ONE)
        if not exceeds(minimum_value, notional):
            return None
        check = self.numbers("breach", notional, minimum_value, headroom=notional - minimum_value)
        return replace(check, unit="money")

    def is_only_too_small(self, order: CandidateOrder) -> bool:
        """Whether only minimums are breached; an order cut to its exit need not meet them."""
        instrument = order.terms.holding.instrument
        return (
            instrument is not None
            and order.terms.asked is not None
            and self._bad_price(order, instrument) is None
            and self._too_small(order, instrument) is not None
        )

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Return whether cutting helps: only above max_quantity, not for prices or minimums."""
        instrument = order.terms.holding.instrument
        return (
            instrument is not None
            and instrument.max_quantity is not None
            and order.quantity > instrument.max_quantity
            and self._bad_price(order, instrument) is None
        )

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        instrument = order.terms.holding.instrument
        if instrument is None or instrument.max_quantity is None:
            return order.quantity
        return floored(order.terms, instrument.max_quantity)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.unit == "price" and check.limit == ZERO:
            return sentence("The price {measured} is not above zero.", check)
        if check.unit == "price":
            return sentence("The limit price {measured} is not a multiple of {limit}.", check)
        name = "notional" if check.unit == "money" else "quantity"
        small = self.is_only_too_small(order)
        side = "below the minimum" if small else "above the maximum"
        return sentence(f"The order's {name} of {{measured}} is {side} of {{limit}}.", check)


def _closes_all(order: CandidateOrder) -> bool:
    """Return whether the order closes the whole position, which may be below the minimums."""
    terms = order.terms
    return order.exempt and order.quantity == floored(terms, terms.reducible_quantity)
