"""How much of each loss limit is left: what people and alerts look at before a stop comes."""

from decimal import ROUND_FLOOR, Decimal

from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import MONEY, ZERO
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import LeastMeasure

_DIGITS = Decimal("0.000001")
_MOST = Decimal(1)
_LEAST = Decimal(-1000)  # Beyond it nobody reads the number any more.


def headroom_ratios(view: RiskView, limits: Limits) -> dict[str, Decimal]:
    """Return by rule the rest of its limit as a fraction of it: 1 untouched, 0 used up, below it
    breached. Absent while equity is unknown or the limit is not above zero.
    """
    equity = view.equity
    if equity is None:
        return {}
    ratios: dict[str, Decimal] = {}
    for rule in limits.account_limits:
        measure = rule.measure(view, equity) if rule.LOSS else None
        if measure is None or measure.limit <= ZERO:
            continue
        rest = measure.limit - measure.measured
        if isinstance(measure, LeastMeasure):
            rest = -rest
        ratio = max(min(MONEY.divide(rest, measure.limit), _MOST), _LEAST)
        ratios[f"{rule.NAME}_headroom_ratio"] = ratio.quantize(_DIGITS, ROUND_FLOOR)
    return ratios
