"""Reject signals that are too old, expired, in the future, or older than remembered ids."""

from pipeline.risk.account.identities import may_be_forgotten
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Duration
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class SignalAge(Rule, frozen=True, kw_only=True):
    signal_age_ms_max: Duration = 5000  # From created_at_ms to the event.

    PLACE = 60
    UNIT = "ms"

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        signal, now_ms = order.terms.signal, view.now_ms
        skew_ms_max = view.common.prices.clock_skew_ms_max
        age_ms = now_ms - signal.created_at_ms
        check = self.count(age_ms, self.signal_age_ms_max)
        ring, expires_ms = view.account.memory.ring("signals"), signal.expires_at_ms
        rejected = (
            -age_ms > skew_ms_max
            or (expires_ms is not None and now_ms >= expires_ms)
            or may_be_forgotten(ring, signal.created_at_ms, skew_ms_max=skew_ms_max)
        )
        if not rejected:
            return check
        return self.numbers("breach", check.measured, check.limit, headroom=check.headroom)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        signal, now_ms = order.terms.signal, view.now_ms
        age_ms = now_ms - signal.created_at_ms
        if signal.expires_at_ms is not None and now_ms >= signal.expires_at_ms:
            return f"The signal expired {now_ms - signal.expires_at_ms} ms ago."
        if age_ms > self.signal_age_ms_max:
            limit_ms = self.signal_age_ms_max
            return f"The signal was created {age_ms} ms ago; the maximum is {limit_ms} ms."
        if age_ms < 0:
            return f"The signal was created {-age_ms} ms in the future."
        return "The signal is older than the oldest remembered id, so it may be a duplicate."
