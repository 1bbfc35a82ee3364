"""Refuse to open more than the free cash pays for; shorts count like longs."""

from decimal import Decimal

from pipeline.risk.gate.proposal import Proposal
from pipeline.risk.gate.standing import Standing
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.rules.rule import Rule
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
        free = account.balance - account.totals.cost - opening
        if opened is None or account.unconverted:
            return self.unknown(free)
        needed = opened * (ONE + self.fee_ratio) if self.fee_ratio else opened
        return self.cap_order(proposal.terms, needed, free)
