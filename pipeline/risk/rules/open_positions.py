"""Cap how many symbols are held or reserved, including the order's and excluding dust."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Count
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class OpenPositions(Rule, frozen=True, kw_only=True):
    open_positions_max: Count | None = None

    PLACE = 180
    UNIT = "count"
    SAYS = "There would be {measured} open positions, above the maximum of {limit}."
    NEEDED = (("open_positions_max",),)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        assert self.open_positions_max is not None
        holding, totals = order.terms.holding, view.account.totals
        added = 0 if holding.active and not holding.is_left_over else 1
        return self.count(totals.active - totals.left_over + added, self.open_positions_max)
