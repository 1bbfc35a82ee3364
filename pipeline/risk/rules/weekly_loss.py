"""Refuse entries once the week's loss is too large, and act by itself when it is confirmed."""

from decimal import Decimal

from pipeline.risk.gate.proposal import Proposal
from pipeline.risk.gate.standing import Standing
from pipeline.risk.limits.parameters import OnBreach
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.rule import Measure, Watch
from topics.decisions import Check


class WeeklyLoss(Watch, frozen=True, kw_only=True):
    weekly_loss_ratio_max: Decimal = Decimal(
        "0.05"
    )  # Of equity at the week's open + deposits since.
    on_breach: OnBreach = "reduce"

    PLACE = 240
    RATIO_USUAL_MAX = Decimal("0.5")  # Nobody means to lose more.
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        base, pnl = standing.weekly_base, standing.weekly_pnl
        if base is None or pnl is None:
            return self.unknown()
        limit = self.weekly_loss_ratio_max * base
        if base <= ZERO:
            return Check(self.NAME, "breach", -pnl, limit, limit + pnl)
        return self.cap(-pnl, limit)

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        window = standing.account.week
        base = standing.weekly_base
        if window is None or base is None or base <= ZERO:
            return None
        pnl = standing.weekly_pnl if equity is standing.equity else window.pnl(equity)
        if pnl is None:
            return None
        return Measure(-pnl, self.weekly_loss_ratio_max * base)
