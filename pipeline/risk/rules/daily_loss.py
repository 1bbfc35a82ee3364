"""Reject entries once the day's loss exceeds its limit; stop the account once it is confirmed."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.account.windows import Window
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.loss_limit import LossLimit


class DailyLoss(LossLimit, frozen=True, kw_only=True):
    daily_loss_ratio_max: Decimal = Decimal("0.02")  # Of start equity + deposits.
    daily_loss_max: Decimal | None = None  # In the account's currency; the tighter limit counts.
    on_breach: OnBreach = "flatten"

    PLACE = 230
    SAYS = "The day's loss of {measured} is above the limit of {limit}."
    RATIO_USUAL_MAX = Decimal("0.5")  # A larger ratio is probably a percentage.

    def window(self, account: Account) -> Window | None:
        return account.windows.day

    def limit_of(self, base: Decimal) -> Decimal:
        """Return the tighter of the two limits."""
        limit, money_max = self.daily_loss_ratio_max * base, self.daily_loss_max
        return limit if money_max is None or limit < money_max else money_max
