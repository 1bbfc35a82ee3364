"""Reject entries once the week's loss exceeds its limit; stop the account once it is confirmed."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.account.windows import Window
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.loss_limit import LossLimit


class WeeklyLoss(LossLimit, frozen=True, kw_only=True):
    weekly_loss_ratio_max: Decimal = Decimal("0.05")  # Of start equity + deposits.
    on_breach: OnBreach = "reduce"

    PLACE = 240
    SAYS = "The week's loss of {measured} is above the limit of {limit}."
    RATIO_USUAL_MAX = Decimal("0.5")  # A larger ratio is probably a percentage.

    def window(self, account: Account) -> Window | None:
        return account.windows.week

    def limit_of(self, base: Decimal) -> Decimal:
        return self.weekly_loss_ratio_max * base
