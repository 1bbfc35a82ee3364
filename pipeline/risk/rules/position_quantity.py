"""Cap the worst-case quantity of one symbol."""

from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder, own_side
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import PerSymbol, per_symbol
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class PositionQuantity(Rule, frozen=True, kw_only=True):
    position_quantity_max: PerSymbol | None = None  # In units, long or short.

    PLACE = 140
    UNIT = "quantity"
    SAYS = "The position would be {measured} units, above the maximum of {limit}."
    NEEDED = (("position_quantity_max",),)
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        terms = order.terms
        limit = per_symbol(self.position_quantity_max, terms.holding.symbol)
        if terms.asked is None:
            return self.unknown(limit)
        held, working = own_side(terms)
        worst = max(held + working.quantity + order.quantity, ZERO)
        return self.numbers("pass", worst) if limit is None else self.exact_cap(worst, limit)
