"""Reject entries whose stop price is not on the losing side of the entry price."""

from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class StopSide(Rule, frozen=True, kw_only=True):
    PLACE = 92
    UNIT = "price"
    SAYS = "The stop price {measured} is not on the losing side of the entry price {limit}."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Compare the stop price with the entry price; headroom is the distance between them."""
        terms = order.terms
        price, stop = terms.entry_price, terms.signal.stop_price
        if stop is None:
            return self.PASSED
        if price is None:
            return self.unknown()
        loss = price - stop if terms.side == "buy" else stop - price
        return self.numbers("pass" if loss > ZERO else "breach", stop, price, headroom=loss)
