"""Refuse entries once the day's loss is too large, and act by itself when it is confirmed."""

from decimal import Decimal

from pipeline.risk.gate.proposal import Proposal
from pipeline.risk.gate.standing import Standing
from pipeline.risk.limits.parameters import OnBreach
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.rule import Measure, Watch
from topics.decisions import Check


class DailyLoss(Watch, frozen=True, kw_only=True):
    daily_loss_ratio_max: Decimal = Decimal("0.02")  # Of equity at the day's open + deposits since.
    daily_loss_max: Decimal | None = None  # In the account's currency, whatever the base.
    on_breach: OnBreach = "flatten"

    PLACE = 230
    RATIO_USUAL_MAX = Decimal("0.5")  # Nobody means to lose more.
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        base, pnl = standing.daily_base, standing.daily_pnl
        if base is None or pnl is None:
            return self.unknown()
        limit = self._limit(base)
        if base <= ZERO:
            return Check(self.NAME, "breach", -pnl, limit, limit + pnl)
        return self.cap(-pnl, limit)

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        window = standing.account.day
        base = standing.daily_base
        if window is None or base is None or base <= ZERO:
            return None
        pnl = standing.daily_pnl if equity is standing.equity else window.pnl(equity)
        if pnl is None:
            return None
        return Measure(-pnl, self._limit(base))

    def _limit(self, base: Decimal) -> Decimal:
        """The smaller of both limits."""
        limit, money_max = self.daily_loss_ratio_max * base, self.daily_loss_max
        return limit if money_max is None or limit < money_max else money_max
