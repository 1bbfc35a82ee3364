"""Refuse entries once the day's loss is too large, and act by itself when it is confirmed."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.account.windows import Window
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.loss_watch import LossLimit


class DailyLoss(LossLimit, frozen=True, kw_only=True):
    daily_loss_ratio_max: Decimal = Decimal("0.02")  # Of equity at the day's open + deposits since.
    daily_loss_max: Decimal | None = None  # In the account's currency, whatever the base.
    on_breach: OnBreach = "flatten"

    PLACE = 230
    SAYS = "The day's loss of {measured} is above the limit of {limit}."
    RATIO_USUAL_MAX = Decimal("0.5")  # Nobody means to lose more.

    def window(self, account: Account) -> Window | None:
        return account.day

    def limit_of(self, base: Decimal) -> Decimal:
        """Return the smaller of both limits."""
        limit, money_max = self.daily_loss_ratio_max * base, self.daily_loss_max
        return limit if money_max is None or limit < money_max else money_max
