"""Refuse entries without a fresh price of this symbol and of every one held, or without a rate."""

from decimal import Decimal

from pipeline.risk.equity import foreign
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class StaleMark(Rule, frozen=True, kw_only=True):
    PLACE = 80
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        limit_ms = standing.limits.prices.mark_age_ms_max
        age_ms = _oldest_age_ms(standing, proposal)
        rate_unknown = bool(standing.account.unconverted) or (
            proposal.terms.holding.instrument is not None
            and foreign(standing.account, proposal.terms.holding)
        )
        if age_ms is None or rate_unknown:
            return Check(self.NAME, "breach", None, Decimal(limit_ms), None)
        return self.cap(Decimal(age_ms), Decimal(limit_ms))


def _oldest_age_ms(standing: Standing, proposal: Proposal) -> int | None:
    """Age of the oldest price that the judgement needs; None when one is missing."""
    quote = proposal.terms.holding.quote
    if quote is None:
        return None
    oldest_ms = quote.as_of_ms
    for holding in standing.account.holdings.values():
        if holding.position.quantity:
            if holding.figures.unrealized is None or holding.quote is None:
                return None
            if holding.quote.as_of_ms < oldest_ms:
                oldest_ms = holding.quote.as_of_ms
    return max(standing.now_ms - oldest_ms, 0)
