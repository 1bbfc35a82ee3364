"""Cap the orders approved in a time window; rejected signals do not count, exits do."""

from bisect import bisect_right
from typing import Annotated

from msgspec import Meta

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Duration
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class OrderRate(Rule, frozen=True, kw_only=True):
    orders_max: Annotated[int, Meta(ge=0, le=1000)] = 10  # Approved or modified in the window.
    window_ms: Duration = 60_000

    PLACE = 290
    UNIT = "count"
    SAYS = "This would be order {measured} in the window; the maximum is {limit}."
    LOOSER_DOWN = ("window_ms",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        approvals = view.account.rules.order_rate  # In order of time, so bisection counts them.
        outside = bisect_right(approvals, view.now_ms - self.window_ms)
        return self.count(len(approvals) - outside + 1, self.orders_max)
