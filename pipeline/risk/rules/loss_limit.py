"""The base of daily_loss and weekly_loss: a window's loss against a fraction of its base."""

from decimal import Decimal
from typing import ClassVar

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.windows import Baseline, Window
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import Measure, not_above_zero
from pipeline.risk.rules.rule import AccountLimit
from topics.decisions import Check, Unit


class LossLimit(AccountLimit, frozen=True, kw_only=True):
    """A loss limit over a window, measured from its open or from the last resume of its stop."""

    ENTRY: ClassVar[bool] = True
    UNIT: ClassVar[Unit | None] = "money"

    def window(self, account: Account) -> Window | None:
        """Return the window whose loss is limited."""
        raise NotImplementedError

    def limit_of(self, base: Decimal) -> Decimal:
        """Return the largest allowed loss; base: start equity plus deposits since."""
        raise NotImplementedError

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Judge the loss (positive); a base <= 0 breaches. Unknown equity still shows the limit."""
        start = self._start(view.account)
        base = None if start is None else start.loss_base()
        if start is None or base is None:
            return self.unknown()
        limit, pnl = self.limit_of(base), start.pnl(view.equity)
        if pnl is None:
            return self.unknown(limit)
        if base <= ZERO:
            check = self.numbers("breach", -pnl, limit, headroom=limit + pnl)
            why = f"{self.NAME} allows no entry: {not_above_zero('its base', base)}."
            return replace(check, message=why)
        return self.cap(-pnl, limit)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        start = self._start(view.account)
        base = None if start is None else start.loss_base()
        if start is None or base is None or base <= ZERO:
            return None
        pnl = start.pnl(equity)
        return None if pnl is None else Measure(-pnl, self.limit_of(base))

    def _start(self, account: Account) -> Window | Baseline | None:
        if account.windows.baselines and self.NAME in account.windows.baselines:
            return account.windows.baselines[self.NAME]
        return self.window(account)
