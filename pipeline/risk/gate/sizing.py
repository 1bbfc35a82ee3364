"""Sizes an order whose signal names no quantity."""

from decimal import ROUND_FLOOR, Context, Decimal

from pipeline.risk.account.contracts import notional
from pipeline.risk.limits.in_force import Limits
from pipeline.risk.numbers import MEASURE, ONE, ZERO, floor_to
from pipeline.risk.order.candidate_order import OrderTerms, floored
from pipeline.risk.order.stop_price import unit_risk
from pipeline.risk.parameters import per_symbol
from pipeline.risk.rules.position_ratio import PositionRatio
from pipeline.risk.rules.risk_per_trade import RiskPerTrade

_DOWN = Context(prec=34, rounding=ROUND_FLOOR)  # Rounding up could add a lot too many.

_STEPS = (
    (Decimal("0.9"), ONE),
    (Decimal("0.8"), Decimal("0.8")),
    (Decimal("0.7"), Decimal("0.6")),
    (Decimal("0.6"), Decimal("0.4")),
)
_SMALLEST_STEP = Decimal("0.2")


def confidence_step(confidence: Decimal | None) -> Decimal:
    """Return the fraction of a full position for a confidence; an absent one counts as 1."""
    if confidence is None:
        return ONE
    return next((step for floor, step in _STEPS if confidence >= floor), _SMALLEST_STEP)


def size(terms: OrderTerms, limits: Limits, equity: Decimal | None) -> Decimal | None:
    """Return the quantity to request, in whole lots; None when an input is unknown."""
    signal = terms.signal
    if signal.reduce_only:
        return floored(terms, terms.reducible_quantity) if terms.reducible_quantity else None
    instrument = terms.holding.instrument
    ratio = per_symbol(limits.rule(PositionRatio).position_ratio_max, terms.holding.symbol)
    if instrument is None or terms.foreign or ratio is None or equity is None or equity <= 0:
        return None
    unit = notional(ONE, terms.own_price or ZERO, terms.inverse) * (terms.point_value or ZERO)
    if not unit:
        return None
    # Rounded to 28 digits: restores a lot that a division one digit too low would lose.
    full = MEASURE.plus(_DOWN.divide(equity * ratio * confidence_step(signal.confidence), unit))
    return floor_to(min(full, _at_risk(terms, limits, equity, full=full)), instrument.lot_size)


def _at_risk(terms: OrderTerms, limits: Limits, equity: Decimal, *, full: Decimal) -> Decimal:
    """Return the quantity that risk_per_trade allows; `full` while that rule is off."""
    rule = limits.rule(RiskPerTrade)
    risk = unit_risk(terms, rule.fee_ratio) if rule.enabled else None
    return MEASURE.plus(_DOWN.divide(equity * rule.risk_per_trade_ratio, risk)) if risk else full
