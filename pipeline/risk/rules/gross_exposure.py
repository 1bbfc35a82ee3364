"""Cap the worst case notional over all symbols as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.parameters import OnBreach
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class GrossExposure(Rule, frozen=True, kw_only=True):
    gross_exposure_ratio_max: Decimal = Decimal("0.80")  # Of equity.
    on_breach: OnBreach = "warn"  # When marks push the account past it.

    PLACE = 150
    ENTRY = True
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        if proposal.priceless:
            return self.meaningless(self.gross_exposure_ratio_max)
        totals, worst = standing.account.totals, proposal.worst_notional
        own = proposal.terms.holding.figures.worst
        gross = None
        if not totals.unbounded and worst is not None and own is not None:
            gross = totals.worst - own + worst
        return self.ratio(standing, gross, limit=self.gross_exposure_ratio_max)
