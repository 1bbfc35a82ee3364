"""Reject orders that need more margin than other exposure leaves free; replaces cash."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import not_above_zero
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class Margin(Rule, frozen=True, kw_only=True):
    initial_margin_ratio: Decimal | None = None  # Of notional; 1 if only leverage is set.
    leverage: Decimal | None = None  # Multiple of equity; 1 if only the ratio is set.

    PLACE = 200
    UNIT = "money"
    SAYS = "The position would need a margin of {measured}, but only {limit} is free."
    NEEDED = (("initial_margin_ratio",), ("leverage",))
    UNSET_IS = ONE
    LOOSER_UP = ("leverage",)
    LOOSER_DOWN = ("initial_margin_ratio",)
    ENTRY = True
    SIZES = True
    REPLACES = ("cash",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.leverage is not None and self.leverage <= ZERO:
            raise ValueError("leverage must be a number > 0")

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Compare the margin of the symbol's worst case with what other symbols leave free."""
        equity, totals = view.equity, view.account.totals
        own, worst = order.terms.holding.figures.worst, order.worst_notional
        if equity is not None and equity <= ZERO:
            return self.unmeasured(None, not_above_zero("equity", equity))
        if equity is None or own is None or worst is None or totals.unbounded:
            return self.unknown()
        return self.cap(self._margin(worst), equity - self._margin(totals.worst - own))

    def _margin(self, notional: Decimal) -> Decimal:
        ratio, leverage = self.initial_margin_ratio, self.leverage
        with_ratio = notional if ratio is None else notional * ratio
        return with_ratio if leverage is None else with_ratio / leverage
