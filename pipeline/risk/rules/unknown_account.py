"""Refuse entries of an account whose balance never was told."""

from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class UnknownAccount(Rule, frozen=True, kw_only=True):
    PLACE = 30
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        return self.flag(breached=standing.account.opened_ms is None)
