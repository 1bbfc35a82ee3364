"""Cap how many symbols are held or reserved at once, the order's own included, without dust."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
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

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        assert self.open_positions_max is not None
        holding, totals = proposal.terms.holding, standing.account.totals
        more = 0 if holding.active and not holding.is_left_over else 1
        return self.count(totals.active - totals.left_over + more, self.open_positions_max)
