"""Reject entries without a fresh price of this symbol and of every held symbol."""

from pipeline.risk.numbers import whole
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class StaleMark(Rule, frozen=True, kw_only=True):
    PLACE = 80
    UNIT = "ms"
    SAYS = "The oldest price needed is {measured} ms old; the maximum is {limit} ms."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        terms, limit_ms = order.terms, view.common.prices.mark_age_ms_max
        quote, oldest_ms = terms.holding.quote, view.valuation.oldest_ms
        if quote is None or view.account.totals.unmarked:
            return self.numbers("breach", None, whole(limit_ms))
        if oldest_ms is None or quote.as_of_ms < oldest_ms:
            oldest_ms = quote.as_of_ms
        age_ms = max(view.now_ms - oldest_ms, 0)
        if terms.reference is None and age_ms <= limit_ms:
            # The quote is fresh but has no price for this side.
            return self.numbers("breach", None, whole(limit_ms))
        return self.count(age_ms, limit_ms)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            symbol = order.terms.signal.symbol
            return f"There is no price of {symbol} or of a held position."
        return sentence(self.SAYS, check)
