"""Cap the notional of one order."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
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

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        limit = per_symbol(self.order_notional_max, proposal.terms.holding.symbol)
        if limit is None:
            return self.numbers("pass", proposal.notional)
        if proposal.notional is None:
            return self.unknown(limit)
        return self.cap_order(proposal.terms, proposal.notional, limit)
