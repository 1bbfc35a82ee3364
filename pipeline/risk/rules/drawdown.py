"""Refuse entries once equity is too far below its peak, and act by itself when it is confirmed."""

from decimal import Decimal

from pipeline.risk.gate.proposal import Proposal
from pipeline.risk.gate.standing import Standing
from pipeline.risk.rules.rule import Measure, Watch
from pipeline.risk.valuation.equity import drawdown_ratio
from topics.decisions import Check


class Drawdown(Watch, frozen=True, kw_only=True):
    drawdown_ratio_max: Decimal = Decimal("0.05")  # Of peak equity.

    PLACE = 250
    RATIO_USUAL_MAX = Decimal("0.5")  # Nobody means to lose more.
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        if standing.drawdown_ratio is None:
            return self.unknown(self.drawdown_ratio_max)
        return self.cap(standing.drawdown_ratio, self.drawdown_ratio_max)

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        measured = standing.drawdown_ratio
        if equity is not standing.equity:
            measured = drawdown_ratio(standing.account.peak, equity)
        return None if measured is None else Measure(measured, self.drawdown_ratio_max)
