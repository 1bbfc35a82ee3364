"""Cap the notional of one order, as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class OrderRatio(Rule, frozen=True, kw_only=True):
    order_ratio_max: Decimal | None = None  # Of equity.

    PLACE = 120
    UNIT = "ratio"
    SAYS = "The order would be {measured} of equity, above the limit of {limit}."
    NEEDED = (("order_ratio_max",),)
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        assert self.order_ratio_max is not None
        return self.ratio(view, order.notional, limit=self.order_ratio_max)
