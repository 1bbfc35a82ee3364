"""Refuse to open more than the free cash pays for; shorts count like longs."""

from decimal import Decimal

from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class Cash(Rule, frozen=True, kw_only=True):
    fee_ratio: Decimal = ZERO  # Of notional, set aside for fees.

    PLACE = 190
    ENTRY = True
    SIZES = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        account = standing.account
        with_fees = ONE + self.fee_ratio
        if account.opened_ms is None:
            return self.unknown()
        committed = account.totals.cost + account.totals.opening * with_fees
        free = account.balance - committed
        if proposal.opened_notional is None or account.unconverted:
            return self.unknown(free)
        return self.cap(proposal.opened_notional * with_fees, free)
