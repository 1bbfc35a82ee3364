"""Decide each signal_id once; duplicates are ignored before the gate, so this check passes."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class DuplicateSignal(Rule, frozen=True, kw_only=True):
    PLACE = 10
    SAYS = "The signal was already decided."

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.PASSED
