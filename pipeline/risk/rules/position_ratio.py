"""Cap the worst case notional of one symbol as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.parameters import OnBreach, PerSymbol, per_symbol
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class PositionRatio(Rule, frozen=True, kw_only=True):
    position_ratio_max: PerSymbol = Decimal("0.10")  # Of equity.
    on_breach: OnBreach = "warn"  # When marks push a position past it.

    PLACE = 130
    UNIT = "ratio"
    SAYS = "The position would be {measured} of equity, above the limit of {limit}."
    ENTRY = True
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        limit = per_symbol(self.position_ratio_max, proposal.terms.holding.symbol)
        if limit is None:
            return self.numbers("pass")
        return self.ratio(standing, proposal.worst_notional, limit=limit)
