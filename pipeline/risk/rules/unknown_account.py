"""Refuse entries of an account whose balance never was told."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class UnknownAccount(Rule, frozen=True, kw_only=True):
    PLACE = 30
    SAYS = "The account has no opening balance yet."
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        return self.flag(breached=standing.account.opened_ms is None)
