"""Refuse every order in a symbol whose lots and ticks nobody told, or in any while one is held."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class UnknownInstrument(Rule, frozen=True, kw_only=True):
    PLACE = 40

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        if proposal.terms.holding.instrument is None:
            return self.flag(breached=True)
        return self.flag(breached=bool(standing.account.totals.pending) and not proposal.exempt)

    def message(self, standing: Standing, proposal: Proposal, check: Check) -> str:
        if proposal.terms.holding.instrument is None:
            return f"There is no instrument {proposal.terms.signal.symbol}."
        return "The account holds a position whose instrument is unknown."
