"""Reject orders in an unknown instrument, and all entries while one is held."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class UnknownInstrument(Rule, frozen=True, kw_only=True):
    PLACE = 40

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        if order.terms.holding.instrument is None:
            return self.flag(breached=True)
        return self.flag(breached=bool(view.account.totals.pending) and not order.exempt)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if order.terms.holding.instrument is None:
            return f"The instrument {order.terms.signal.symbol} is unknown."
        return "The account holds a position whose instrument is unknown."
