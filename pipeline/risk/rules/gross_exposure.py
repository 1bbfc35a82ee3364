"""Cap the worst case notional over all symbols as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class GrossExposure(Rule, frozen=True, kw_only=True):
    gross_exposure_ratio_max: Decimal = Decimal("0.80")  # Of equity.

    PLACE = 150
    ENTRY = True
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        totals, worst = standing.account.totals, proposal.worst_notional
        own = proposal.terms.holding.figures.worst
        gross = None
        if not totals.unbounded and worst is not None and own is not None:
            gross = totals.worst - own + worst
        return self.ratio(standing, gross, limit=self.gross_exposure_ratio_max)
