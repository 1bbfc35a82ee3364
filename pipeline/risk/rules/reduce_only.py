"""Cut a reduce_only order to the proven exit, or reject it without one."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class ReduceOnly(Rule, frozen=True, kw_only=True):
    PLACE = 100
    SAYS = "The order is reduce_only and larger than the position it can reduce."
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.flag(breached=order.terms.signal.reduce_only and not order.exempt)

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        return order.terms.reducible_quantity
