"""Reject entries and stop the account once too little of the money paid in is left."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.measure import Measure, MinimumMeasure, sentence
from pipeline.risk.rules.rule import AccountLimit
from topics.decisions import Check

_INSOLVENT = "Equity of {measured} is not above zero; the floor is {limit}."


class BalanceFloor(AccountLimit, frozen=True, kw_only=True):
    balance_ratio_min: Decimal = Decimal("0.10")  # Of opening balance plus net flows.
    on_breach: OnBreach = "flatten"

    PLACE = 225
    UNIT = "money"
    SAYS = "Equity of {measured} is below the floor of {limit}."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        equity, minimum = view.equity, self._minimum(view.account)
        if equity is None:
            return self.unknown(minimum)
        if equity <= ZERO:
            check = self.numbers("breach", equity, minimum, headroom=equity - minimum)
            return replace(check, message=sentence(_INSOLVENT, check))
        return self.floor(equity, minimum)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        minimum = self._minimum(view.account)
        return MinimumMeasure(equity, minimum) if minimum > ZERO else None

    def _minimum(self, account: Account) -> Decimal:
        return self.balance_ratio_min * (account.capital.opening + account.capital.net_flows)
