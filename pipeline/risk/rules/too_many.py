"""Reject entries when the account already has the most positions or reservations."""

from pipeline.risk.account.account import POSITIONS_MAX, RESERVATIONS_MAX
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class TooMany(Rule, frozen=True, kw_only=True):
    PLACE = 310
    UNIT = "count"
    SAYS = "There would be {measured} positions or reservations; the account holds at most {limit}."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        totals = view.account.totals
        symbols = totals.active + (0 if order.terms.holding.active else 1)
        if symbols > POSITIONS_MAX:
            return self.count(symbols, POSITIONS_MAX)
        return self.count(totals.reservations + 1, RESERVATIONS_MAX)
