"""Answer each signal_id once. What comes here is new: a repetition is ignored before the gate."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class DuplicateSignal(Rule, frozen=True, kw_only=True):
    PLACE = 10
    SAYS = "The signal was answered before."

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.PASSED
