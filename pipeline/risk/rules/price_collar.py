"""Reject limit prices too far from the market."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import not_above_zero
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class PriceCollar(Rule, frozen=True, kw_only=True):
    collar_ratio: Decimal = Decimal("0.05")  # Of the reference, on either side.

    PLACE = 90
    UNIT = "ratio"
    SAYS = "The limit price is {measured} away from the reference, outside the collar of {limit}."
    LOOSER_UP = ("collar_ratio",)

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        terms = order.terms
        reference, limit_price = terms.reference, terms.signal.limit_price
        if limit_price is None:
            return self.numbers("pass", None, self.collar_ratio)
        if reference is None or reference <= ZERO:
            if order.exempt:
                return self.numbers("exempt", None, self.collar_ratio)
            if reference is None:
                return self.unknown(self.collar_ratio)
            why = not_above_zero("the reference price", reference)
            return self.unmeasured(self.collar_ratio, why)
        return self.cap(abs(limit_price / reference - ONE), self.collar_ratio)
