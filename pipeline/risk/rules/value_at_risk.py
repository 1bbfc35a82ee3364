"""Cap the parametric value at risk of all positions and orders, at correlation one."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from pipeline.risk.account.exposures import NO_WEIGHTS
from pipeline.risk.numbers import EXACT, MONEY, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.measure import Measure, not_above_zero
from pipeline.risk.rules.rule import AccountLimit
from pipeline.risk.statistics.quantile import deviations
from topics.decisions import Check


class ValueAtRisk(AccountLimit, frozen=True, kw_only=True):
    var_confidence: Decimal = Decimal("0.99")  # Between 0.5 and 1, both excluded.
    horizon_bars: Annotated[int, Meta(ge=1, le=1_000_000)] = 1440
    var_ratio_max: Decimal | None = None  # Of equity.
    on_breach: OnBreach = "reduce"

    PLACE = 220
    UNIT = "money"
    SAYS = "Value at risk would be {measured}, above the maximum of {limit}."
    NEEDED = (("var_ratio_max",),)
    LOOSER_DOWN = ("var_confidence", "horizon_bars")
    ENTRY = True
    SIZES = True
    KEEPS = ("weights",)
    LOSS = False
    CONFIRMS = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 < 2 * self.var_confidence < 2:
            raise ValueError("var_confidence must be above 0.5 and below 1")

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        equity, totals, holding = view.equity, view.account.totals, order.terms.holding
        weights = totals.exposures.weights or NO_WEIGHTS
        worst, own, ewma = order.worst_notional, holding.figures.worst, holding.ewma
        limit = None if equity is None else equity * (self.var_ratio_max or ZERO)
        if ewma is None or weights.unweighed > totals.unbounded:
            return self.unmeasured(limit, "the volatility of a symbol is unknown")
        if equity is None or limit is None or totals.unbounded or worst is None or own is None:
            return self.unknown(limit)
        if equity <= ZERO:
            return self.unmeasured(limit, not_above_zero("equity", equity))
        added = EXACT.multiply(EXACT.subtract(worst, own), ewma)
        return self.cap(self._at_risk(EXACT.add(weights.weighed, added)), limit)

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        weights = view.account.totals.exposures.weights
        if weights is None or weights.unweighed:
            return None
        return Measure(self._at_risk(weights.weighed), equity * (self.var_ratio_max or ZERO))

    def _at_risk(self, weighed: Decimal) -> Decimal:
        """Return z x sqrt(horizon) x the sum of worst-case notional x EWMA volatility."""
        return MONEY.multiply(weighed, deviations(self.var_confidence, self.horizon_bars))
