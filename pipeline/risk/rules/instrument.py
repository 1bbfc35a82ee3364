"""Keep orders to what the instrument allows: tick, lot, smallest and largest quantity, notional."""

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
        wrong = self._wrong_price(order, instrument)
        if wrong is not None:
            return wrong
        if order.terms.asked is None:
            return self.unknown()
        small = self._too_small(order, instrument)
        if small is not None:
            return small
        if instrument.max_quantity is None:
            return self.numbers("pass", order.quantity)
        return self.exact_cap(order.quantity, instrument.max_quantity)

    def _wrong_price(self, order: CandidateOrder, instrument: Instrument) -> Check | None:
        """Judge the prices that the signal names, whatever its quantity."""
        signal = order.terms.signal
        for price in (signal.limit_price, signal.stop_price):
            if price is not None and price <= ZERO and not instrument.prices_may_be_negative:
                return replace(self.numbers("breach", price, ZERO), unit="price")
        price, tick = signal.limit_price, instrument.tick_size
        if price is not None and remainder(price, tick):
            return replace(self.numbers("breach", price, tick), unit="price")
        return None

    def _too_small(self, order: CandidateOrder, instrument: Instrument) -> Check | None:
        """Judge against the minimums, below which only the whole rest of a position may go."""
        quantity, least = order.quantity, instrument.min_quantity
        if quantity <= ZERO or (quantity < least and not _whole_rest(order)):
            return self.numbers("breach", quantity, least, headroom=quantity - least)
        if instrument.min_notional is None or _whole_rest(order):
            return None
        notional = order.notional
        if notional is None:
            return replace(self.unknown(), unit="money")
        cheapest = instrument.min_notional * (order.terms.rate or ONE)
        if not exceeds(cheapest, notional):
            return None
        check = self.numbers("breach", notional, cheapest, headroom=notional - cheapest)
        return replace(check, unit="money")

    def is_only_too_small(self, order: CandidateOrder) -> bool:
        """Whether minimums alone are in the way: an order cut to its exit is judged by the rest."""
        instrument = order.terms.holding.instrument
        return (
            instrument is not None
            and order.terms.asked is not None
            and self._wrong_price(order, instrument) is None
            and self._too_small(order, instrument) is not None
        )

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Only a quantity above the largest is cut; prices and minimums forbid."""
        instrument = order.terms.holding.instrument
        return (
            instrument is not None
            and instrument.max_quantity is not None
            and order.quantity > instrument.max_quantity
            and self._wrong_price(order, instrument) is None
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


def _whole_rest(order: CandidateOrder) -> bool:
    """Whether it closes all there is, which may be below the minimums."""
    terms = order.terms
    return order.exempt and order.quantity == floored(terms, terms.reducible_quantity)
