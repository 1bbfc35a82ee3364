"""Refuse entries without a fresh price of this symbol and of every one held, or without a rate."""

from decimal import Decimal

from pipeline.risk.figures import foreign
from pipeline.risk.numbers import earliest
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class StaleMark(Rule, frozen=True, kw_only=True):
    PLACE = 80
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        account, holding = standing.account, proposal.terms.holding
        limit = Decimal(standing.limits.prices.mark_age_ms_max)
        no_rate = holding.instrument is not None and foreign(holding.instrument, account.currency)
        age_ms = _oldest_age_ms(standing, proposal)
        # A fresh quote without a price for this side is none.
        sideless = proposal.terms.reference is None and age_ms <= limit
        missing = holding.quote is None or account.totals.unvalued > account.totals.pending
        if missing or sideless or no_rate or account.unconverted:
            return Check(self.NAME, "breach", None, limit, None)
        return self.cap(Decimal(age_ms), limit)


def _oldest_age_ms(standing: Standing, proposal: Proposal) -> int:
    """Age of the oldest price that the judgement needs."""
    quote = proposal.terms.holding.quote
    oldest_ms = earliest(standing.valuation.oldest_ms, quote.as_of_ms if quote else None)
    return 0 if oldest_ms is None else max(standing.now_ms - oldest_ms, 0)
