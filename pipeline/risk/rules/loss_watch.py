"""What daily_loss and weekly_loss share: the loss of a window, against a fraction of its base."""

from decimal import Decimal
from typing import ClassVar

from pipeline.risk.account.account import Account
from pipeline.risk.account.windows import Baseline, Window
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import AccountLimit
from topics.decisions import Check, Unit


class LossLimit(AccountLimit, frozen=True, kw_only=True):
    """A loss limit of a window: measured from its open, or from a resume of its own stop."""

    ENTRY: ClassVar[bool] = True
    UNIT: ClassVar[Unit | None] = "money"

    def window(self, account: Account) -> Window | None:
        """Return the window whose loss is limited."""
        raise NotImplementedError

    def limit_of(self, base: Decimal) -> Decimal:
        """Return the largest loss at a base: start equity + deposits since."""
        raise NotImplementedError

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Judge the loss; a base <= 0 is breached, and an unknown equity still shows the limit."""
        since = self._since(view.account)
        base = None if since is None else since.loss_base()
        if since is None or base is None:
            return self.unknown()
        limit, pnl = self.limit_of(base), since.pnl(view.equity)
        if pnl is None:
            return self.unknown(limit)
        if base <= ZERO:
            return self.numbers("breach", -pnl, limit, headroom=limit + pnl)
        return self.cap(-pnl, limit)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        since = self._since(view.account)
        base = None if since is None else since.loss_base()
        if since is None or base is None or base <= ZERO:
            return None
        pnl = since.pnl(equity)
        return None if pnl is None else Measure(-pnl, self.limit_of(base))

    def _since(self, account: Account) -> Window | Baseline | None:
        if account.baselines and self.NAME in account.baselines:
            return account.baselines[self.NAME]
        return self.window(account)
