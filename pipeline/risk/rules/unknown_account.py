"""Reject entries until the account has an opening balance."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class UnknownAccount(Rule, frozen=True, kw_only=True):
    PLACE = 30
    SAYS = "The account has no opening balance yet."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.flag(breached=view.account.capital.opened_ms is None)
