"""Refuse entries, and stop the account, once too little is left of the money put in."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.measure import LeastMeasure, Measure
from pipeline.risk.rules.rule import AccountLimit
from topics.decisions import Check


class BalanceFloor(AccountLimit, frozen=True, kw_only=True):
    balance_ratio_min: Decimal = Decimal("0.10")  # Of the opening and all flows since.
    on_breach: OnBreach = "flatten"

    PLACE = 225
    UNIT = "money"
    SAYS = "Equity of {measured} is below the floor of {limit}."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        equity, least = view.equity, self._least(view.account)
        if equity is None:
            return self.unknown(least)
        if equity <= ZERO:
            return self.numbers("breach", equity, least, headroom=equity - least)
        return self.floor(equity, least)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        least = self._least(view.account)
        return LeastMeasure(equity, least) if least > ZERO else None

    def _least(self, account: Account) -> Decimal:
        return self.balance_ratio_min * (account.opening + account.net_flows)
