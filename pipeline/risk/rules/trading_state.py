"""Reject orders that add risk while the account is reducing or halted."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class TradingState(Rule, frozen=True, kw_only=True):
    halt_exits: bool = True  # False: a halted account may not reduce either.

    PLACE = 20

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        state = view.account.trading_state
        if state == "halted":
            return self.flag(breached=not (order.exempt and self.halt_exits))
        return self.flag(breached=state == "reducing" and not order.exempt)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        account = view.account
        stops = ", ".join(stop.stop_id for stop in account.halts.stops)
        allowed = "only exits are allowed" if self.halt_exits else "exits are not allowed either"
        if account.trading_state == "reducing":
            allowed = "only exits are allowed"
        return f"The account is {account.trading_state} because of {stops}: {allowed}."

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Return whether to cut to the proven exit (reducing) or to reject (halted)."""
        return view.account.trading_state == "reducing"

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        return order.terms.reducible_quantity
