"""Reject repeats of an order: same symbol, side, requested quantity and limit price."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.repeats import approved_since
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Count, Duration
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class RepeatedOrder(Rule, frozen=True, kw_only=True):
    repeats_max: Count = 9  # Approved or modified in the window.
    window_ms: Duration = 60_000

    PLACE = 300
    UNIT = "count"
    SAYS = (
        "The same order would be approved {measured} times in the window; the maximum is {limit}."
    )
    LOOSER_DOWN = ("window_ms",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        since_ms = view.now_ms - self.window_ms
        before = approved_since(view.account.rules.repeated_order, order.terms, since_ms)
        return self.unknown() if before is None else self.count(before + 1, self.repeats_max)
