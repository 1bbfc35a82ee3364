"""Reject orders that open more than free cash can pay for; shorts count like longs."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from pipeline.risk.valuation.equity import NO_RATES, known_balance
from topics.decisions import Check


class Cash(Rule, frozen=True, kw_only=True):
    fee_ratio: Decimal = ZERO  # Of notional, reserved for fees.

    PLACE = 190
    UNIT = "money"
    SAYS = "The order needs {measured} of cash, but only {limit} is free."
    LOOSER_DOWN = ("fee_ratio",)
    ENTRY = True
    SIZES = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        account = view.account
        if account.capital.opened_ms is None:
            return self.unknown()
        opening, opened = account.totals.opening, order.opened_notional
        if self.fee_ratio:
            opening *= ONE + self.fee_ratio
        balance = known_balance(account) if account.currencies.cash else account.capital.balance
        free = balance - account.totals.cost - opening
        if opened is None or self._is_unknown(view):
            return self.unknown(free)
        needed = opened * (ONE + self.fee_ratio) if self.fee_ratio else opened
        if view.valuation.rates is NO_RATES:  # The shared constant: no other currency is involved.
            return self.cap_order(order.terms, needed, free)
        return self.cap(needed, free)  # Inverse rates and frozen costs are rounded.

    def _is_unknown(self, view: RiskView) -> bool:
        """Whether any money lacks a rate, or a balance kept by currency lacks a fresh one."""
        account, needed = view.account, view.valuation.rates
        if needed is NO_RATES:
            return False
        if account.currencies.unconverted or needed.missing is not None:
            return True
        oldest_ms = view.now_ms - view.common.prices.mark_age_ms_max
        return bool(account.currencies.cash) and (needed.oldest_ms or oldest_ms) < oldest_ms
