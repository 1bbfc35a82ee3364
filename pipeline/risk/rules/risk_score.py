"""Score doubt, size, drawdown and volatility; halve high scores, reject the highest."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import not_above_zero, sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check

_DOUBT, _SIZE = Decimal("0.3"), Decimal("0.25")
_DRAWDOWN, _VOLATILITY = Decimal("0.25"), Decimal("0.2")
_HALVE_ABOVE, _REJECT_ABOVE = Decimal("0.6"), Decimal("0.8")


class RiskScore(Rule, frozen=True, kw_only=True):
    PLACE = 320
    UNIT = "ratio"
    ENTRY = True
    LAST = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        equity, worst, limits = view.equity, order.worst_notional, view.common.score
        drawdown, holding = view.drawdown_ratio, order.terms.holding
        if equity is not None and equity <= ZERO:
            return self.unmeasured(_HALVE_ABOVE, not_above_zero("equity", equity))
        if equity is None or drawdown is None or worst is None:
            return self.unknown(_HALVE_ABOVE)
        confidence, quote = order.terms.signal.confidence, holding.quote
        score = _SIZE * _share(worst, limits.position_max(holding.symbol) * equity)
        score += _DRAWDOWN * _share(drawdown, limits.drawdown_ratio_max)
        if confidence is not None:
            score += _DOUBT * (ONE - confidence)
        if quote is not None and quote.ewma is not None and quote.long_run is not None:
            volatility_max = limits.volatility_ratio_max * quote.long_run
            score += _VOLATILITY * _share(quote.ewma, volatility_max)
        return self.cap(score, _REJECT_ABOVE if score > _REJECT_ABOVE else _HALVE_ABOVE)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            return sentence("{measured}", check)
        effect = "halves" if check.limit == _HALVE_ABOVE else "rejects"
        template = f"The risk score is {{measured}}; above {{limit}} it {effect} the order."
        return sentence(template, check)

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Return whether the order is halved (once); the highest scores reject it."""
        measured = self.check(view, order).measured
        return measured is not None and measured <= _REJECT_ABOVE

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        return order.quantity / 2


def _share(measured: Decimal, limit: Decimal) -> Decimal:
    """Return the used share of a limit, from 0 to 1; any use of a limit of 0 is all of it."""
    if measured <= ZERO:
        return ZERO
    return ONE if measured >= limit else measured / limit
