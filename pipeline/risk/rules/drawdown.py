"""Refuse entries once equity is too far below its peak, and act by itself when it is confirmed."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import Watch
from pipeline.risk.valuation.equity import drawdown_ratio
from topics.decisions import Check


class Drawdown(Watch, frozen=True, kw_only=True):
    drawdown_ratio_max: Decimal = Decimal("0.05")  # Of peak equity.

    PLACE = 250
    UNIT = "ratio"
    SAYS = "Equity is {measured} below its peak, beyond the limit of {limit}."
    RATIO_USUAL_MAX = Decimal("0.5")  # Nobody means to lose more.
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        ratio = self._ratio(standing, standing.equity)
        if ratio is None:
            return self.unknown(self.drawdown_ratio_max)
        return self.cap(ratio, self.drawdown_ratio_max)

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        ratio = self._ratio(standing, equity)
        return None if ratio is None else Measure(ratio, self.drawdown_ratio_max)

    def _ratio(self, standing: Standing, equity: Decimal | None) -> Decimal | None:
        """Measure from the peak, after a resume of this rule's stop from the peak since."""
        account = standing.account
        if account.baselines and self.NAME in account.baselines:
            return drawdown_ratio(account.baselines[self.NAME].start_equity, equity)
        if equity is standing.equity:
            return standing.drawdown_ratio
        return drawdown_ratio(account.peak, equity)
