"""Reject entries once equity is too far below its peak; stop the account once it is confirmed."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import AccountLimit
from pipeline.risk.valuation.equity import drawdown_ratio
from topics.decisions import Check


class Drawdown(AccountLimit, frozen=True, kw_only=True):
    drawdown_ratio_max: Decimal = Decimal("0.05")  # 0.05 rejects below 95 % of the peak.

    PLACE = 250
    UNIT = "ratio"
    SAYS = "The drawdown of {measured} is above the limit of {limit}."
    RATIO_USUAL_MAX = Decimal("0.5")  # A larger ratio is probably a percentage.
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        ratio = self._ratio(view, view.equity)
        if ratio is None:
            return self.unknown(self.drawdown_ratio_max)
        return self.cap(ratio, self.drawdown_ratio_max)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        ratio = self._ratio(view, equity)
        return None if ratio is None else Measure(ratio, self.drawdown_ratio_max)

    def _ratio(self, view: RiskView, equity: Decimal | None) -> Decimal | None:
        """Measure from the peak, or from the peak since this rule's stop was last resumed."""
        account = view.account
        if account.windows.baselines and self.NAME in account.windows.baselines:
            return drawdown_ratio(account.windows.baselines[self.NAME].start_equity, equity)
        if equity is view.equity:  # The same object, so the view already has its drawdown.
            return view.drawdown_ratio
        return drawdown_ratio(account.windows.peak_equity, equity)
