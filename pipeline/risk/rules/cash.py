"""Refuse to open more than the free cash pays for; shorts count like longs."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from pipeline.risk.valuation.equity import NO_RATES, known_balance
from topics.decisions import Check


class Cash(Rule, frozen=True, kw_only=True):
    fee_ratio: Decimal = ZERO  # Of notional, set aside for fees.

    PLACE = 190
    UNIT = "money"
    SAYS = "The order needs {measured} in cash, and {limit} is free."
    LOOSER_DOWN = ("fee_ratio",)
    ENTRY = True
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        account = standing.account
        if account.opened_ms is None:
            return self.unknown()
        opening, opened = account.totals.opening, proposal.opened_notional
        if self.fee_ratio:
            opening *= ONE + self.fee_ratio
        balance = known_balance(account) if account.cash else account.balance
        free = balance - account.totals.cost - opening
        if opened is None or self._is_unknown(standing):
            return self.unknown(free)
        needed = opened * (ONE + self.fee_ratio) if self.fee_ratio else opened
        if standing.valuation.rates is NO_RATES:
            return self.cap_order(proposal.terms, needed, free)
        return self.cap(needed, free)  # A rate may have been divided, and cost shared.

    def _is_unknown(self, standing: Standing) -> bool:
        """Whether money waits for a rate, or by currency a balance has no fresh one."""
        account, needed = standing.account, standing.valuation.rates
        if needed is NO_RATES:
            return False
        if account.unconverted or needed.missing is not None:
            return True
        oldest_ms = standing.now_ms - standing.common.prices.mark_age_ms_max
        return bool(account.cash) and (needed.oldest_ms or oldest_ms) < oldest_ms
