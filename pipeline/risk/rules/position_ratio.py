"""Cap the worst-case notional of one symbol, as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import OnBreach, PerSymbol, per_symbol
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class PositionRatio(Rule, frozen=True, kw_only=True):
    position_ratio_max: PerSymbol = Decimal("0.10")  # Of equity.
    on_breach: OnBreach = "warn"  # When price moves push a position past its cap.

    PLACE = 130
    UNIT = "ratio"
    SAYS = "The position would be {measured} of equity, above the limit of {limit}."
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        limit = per_symbol(self.position_ratio_max, order.terms.holding.symbol)
        if limit is None:
            return self.numbers("pass")
        return self.ratio(view, order.worst_notional, limit=limit)
