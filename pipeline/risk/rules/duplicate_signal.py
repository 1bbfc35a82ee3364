"""Answer each signal_id once. What comes here is new: a repetition is ignored before the gate."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class DuplicateSignal(Rule, frozen=True, kw_only=True):
    PLACE = 10
    SAYS = "The signal was answered before."

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        return self.PASSED
