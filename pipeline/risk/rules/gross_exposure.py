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
        figures = proposal.terms.holding.figures
        gross, worst = standing.valuation.gross, proposal.worst_notional
        long, short = figures.worst_long, figures.worst_short
        after = None
        if gross is not None and worst is not None and long is not None and short is not None:
            after = gross - max(long, short) + worst
        return self.ratio(standing, after, limit=self.gross_exposure_ratio_max)
