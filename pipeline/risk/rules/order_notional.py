"""Cap the notional of one order."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import PerSymbol, per_symbol
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class OrderNotional(Rule, frozen=True, kw_only=True):
    order_notional_max: PerSymbol | None = None  # In the account's currency.

    PLACE = 110
    UNIT = "money"
    SAYS = "The order's notional of {measured} is above the maximum of {limit}."
    NEEDED = (("order_notional_max",),)
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        limit = per_symbol(self.order_notional_max, order.terms.holding.symbol)
        if limit is None:
            return self.numbers("pass", order.notional)
        if order.notional is None:
            return self.unknown(limit)
        return self.cap_order(order.terms, order.notional, limit)
