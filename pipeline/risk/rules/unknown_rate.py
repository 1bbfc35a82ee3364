"""Reject entries without a fresh rate of each currency that the order or the account needs."""

from functools import lru_cache

from pipeline.risk.numbers import whole
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class UnknownRate(Rule, frozen=True, kw_only=True):
    PLACE = 82
    UNIT = "ms"
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Measure the age of the oldest needed rate in ms; null when a rate is missing."""
        limit_ms, needed = view.common.prices.mark_age_ms_max, view.valuation.rates
        terms, oldest_ms = order.terms, needed.oldest_ms
        if needed.missing is not None or (terms.foreign and terms.rate_ms is None):
            return self.numbers("breach", None, whole(limit_ms))
        if terms.rate_ms is not None and (oldest_ms is None or terms.rate_ms < oldest_ms):
            oldest_ms = terms.rate_ms
        if oldest_ms is None:
            return _none_needed(self, limit_ms)
        return self.count(max(view.now_ms - oldest_ms, 0), limit_ms)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        """Name the pair without a fresh rate."""
        needed, terms = view.valuation.rates, order.terms
        instrument, own_ms = terms.holding.instrument, terms.rate_ms
        own = None if instrument is None else instrument.settlement_currency
        if check.measured is None:
            return f"There is no rate for {needed.missing or own}/{view.account.capital.currency}."
        is_own = own_ms is not None and (needed.oldest_ms is None or own_ms < needed.oldest_ms)
        pair = f"{own if is_own else needed.oldest}/{view.account.capital.currency}"
        age = "{measured} ms old; the maximum is {limit} ms."
        return sentence(f"The rate for {pair} is {age}", check)


@lru_cache(maxsize=64)
def _none_needed(rule: UnknownRate, limit_ms: int) -> Check:
    """Pass without a measure. Cached: accounts in one currency get this check every time."""
    return rule.numbers("pass", None, whole(limit_ms))
