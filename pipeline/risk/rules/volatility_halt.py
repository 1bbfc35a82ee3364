"""Reject entries in a symbol whose volatility is far above its long-run level."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class VolatilityHalt(Rule, frozen=True, kw_only=True):
    volatility_ratio_max: Decimal = Decimal(3)  # Recent (EWMA) over long-run volatility.
    require_history: bool = False  # True: unknown volatility rejects.

    PLACE = 280
    UNIT = "ratio"
    LOOSER_DOWN = ("require_history",)
    RATIO_USUAL_MAX = Decimal(20)  # A multiple of volatility, not of equity.
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        quote = order.terms.holding.quote
        if quote is None or quote.ewma is None or quote.long_run is None:
            return self.flag(breached=self.require_history)
        return self.cap(quote.ewma, self.volatility_ratio_max * quote.long_run)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            return "The symbol's volatility is unknown, and a price history is required."
        return sentence("Volatility per bar is {measured}, above the limit of {limit}.", check)
