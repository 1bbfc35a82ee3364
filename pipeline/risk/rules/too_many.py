"""Refuse entries at the bounds of what an account's state may hold."""

from decimal import Decimal

from pipeline.risk.account import POSITIONS_MAX, RESERVATIONS_MAX
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class TooMany(Rule, frozen=True, kw_only=True):
    PLACE = 310
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        symbols, reservations = 0, 0
        for holding in standing.account.holdings.values():
            if holding.active:
                symbols += 1
                reservations += len(holding.reservations)
        new_symbol = 0 if proposal.terms.holding.active else 1
        if symbols + new_symbol > POSITIONS_MAX:
            return self.cap(Decimal(symbols + new_symbol), Decimal(POSITIONS_MAX))
        return self.cap(Decimal(reservations + 1), Decimal(RESERVATIONS_MAX))
