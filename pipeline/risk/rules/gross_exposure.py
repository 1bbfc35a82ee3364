"""Cap worst-case notional over all symbols, as a fraction of equity and in money."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class GrossExposure(Rule, frozen=True, kw_only=True):
    gross_exposure_ratio_max: Decimal = Decimal("0.80")  # Of equity.
    gross_exposure_max: Decimal | None = None  # In the account's currency; the tighter cap counts.
    on_breach: OnBreach = "warn"  # When price moves push the account past its cap.

    PLACE = 150
    UNIT = "ratio"
    SAYS = "Gross exposure would be {measured} of equity, above the limit of {limit}."
    RATIO_USUAL_MAX = Decimal(20)  # Leveraged accounts go above 1.
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        totals, worst = view.account.totals, order.worst_notional
        own = order.terms.holding.figures.worst
        gross = None
        # The running total minus the symbol's old share, so the cost does not grow with symbols.
        if not totals.unbounded and worst is not None and own is not None:
            gross = totals.worst - own + worst
        if gross is not None and self._is_in_money(view.equity):
            assert self.gross_exposure_max is not None
            return replace(self.cap(gross, self.gross_exposure_max), unit="money")
        return self.ratio(view, gross, limit=self.gross_exposure_ratio_max)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.unit == "money":
            return sentence("Gross exposure would be {measured}, above {limit}.", check)
        return sentence(self.SAYS, check)

    def _is_in_money(self, equity: Decimal | None) -> bool:
        """Return whether the limit in money is the tighter one."""
        if self.gross_exposure_max is None or equity is None or equity <= ZERO:
            return False
        return self.gross_exposure_max <= self.gross_exposure_ratio_max * equity
