"""Cap what an order loses, fees included, if its position is closed at its stop price."""

from decimal import Decimal

from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.order.stop_price import unit_risk
from pipeline.risk.rules.measure import not_above_zero
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class RiskPerTrade(Rule, frozen=True, kw_only=True):
    risk_per_trade_ratio: Decimal = Decimal("0.01")  # Of equity.
    fee_ratio: Decimal = ZERO  # Of notional; paid at entry and again at the stop.

    PLACE = 210
    UNIT = "money"
    SAYS = "The order would lose {measured} at its stop price, above the maximum of {limit}."
    LOOSER_UP = ("risk_per_trade_ratio",)
    LOOSER_DOWN = ("fee_ratio",)
    RATIO_USUAL_MAX = Decimal("0.5")  # A larger ratio is probably a percentage.
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        equity, terms = view.equity, order.terms
        if equity is None:
            return self.unknown()
        limit = equity * self.risk_per_trade_ratio
        if equity <= ZERO:
            return self.unmeasured(limit, not_above_zero("equity", equity))
        risk = unit_risk(terms, self.fee_ratio)
        if risk is None or terms.asked is None:
            return self.unknown(limit)
        return self.cap_order(terms, order.quantity * risk, limit)
