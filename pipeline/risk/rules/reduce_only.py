"""Hold a reduce_only order to the proven exit."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class ReduceOnly(Rule, frozen=True, kw_only=True):
    PLACE = 100
    SAYS = "The order is reduce_only and larger than what it can reduce."
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        return self.flag(breached=proposal.terms.signal.reduce_only and not proposal.exempt)

    def room(self, standing: Standing, proposal: Proposal) -> Decimal:
        return proposal.terms.exit_room
