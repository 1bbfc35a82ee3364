"""How much of each loss limit is left, so that people and alerts see a stop coming."""

from decimal import ROUND_FLOOR, Decimal

from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import MONEY, ZERO
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import MinimumMeasure

_PRECISION = Decimal("0.000001")
_RATIO_MAX = Decimal(1)
_RATIO_MIN = Decimal(-1000)  # Keeps tiny limits from producing absurd numbers.


def headroom_ratios(view: RiskView, limits: Limits) -> dict[str, Decimal]:
    """Return the unused fraction of each loss limit: 1 untouched, 0 used up, negative breached.

    Rounded down to six places, so that 0 never looks like headroom. A rule is absent while equity
    is unknown or its limit is not above zero.
    """
    equity = view.equity
    if equity is None:
        return {}
    ratios: dict[str, Decimal] = {}
    for rule in limits.account_limits:
        measure = rule.measure(view, equity) if rule.LOSS else None
        if measure is None or measure.limit <= ZERO:
            continue
        headroom = measure.limit - measure.measured
        if isinstance(measure, MinimumMeasure):
            headroom = -headroom
        ratio = max(min(MONEY.divide(headroom, measure.limit), _RATIO_MAX), _RATIO_MIN)
        ratios[f"{rule.NAME}_headroom_ratio"] = ratio.quantize(_PRECISION, ROUND_FLOOR)
    return ratios
