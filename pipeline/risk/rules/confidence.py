"""Reject entries below a minimum confidence, or without one when a minimum is set."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class Confidence(Rule, frozen=True, kw_only=True):
    confidence_min: Decimal = ZERO  # From 0 to 1.

    PLACE = 94
    UNIT = "ratio"
    SAYS = "The confidence of {measured} is below the minimum of {limit}."
    ENTRY = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.confidence_min > ONE:
            raise ValueError("confidence_min must be a number <= 1")

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        measured, minimum = order.terms.signal.confidence, self.confidence_min
        if measured is None and minimum > ZERO:
            return self.unmeasured(minimum, "the signal has no confidence")
        return self.floor(ONE if measured is None else measured, minimum)
