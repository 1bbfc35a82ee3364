"""Refuse signals that are too old, expired, from the future, or from before what is remembered."""

from decimal import Decimal

from pipeline.risk.parameters import Duration
from pipeline.risk.proposal import Proposal
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class SignalAge(Rule, frozen=True, kw_only=True):
    signal_age_ms_max: Duration = 5000  # From created_at_ms to the event.

    PLACE = 60

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        signal, now_ms = proposal.terms.signal, standing.now_ms
        age = self.cap(Decimal(now_ms - signal.created_at_ms), Decimal(self.signal_age_ms_max))
        memory = standing.account.memory
        skew_ms_max = standing.limits.prices.clock_skew_ms_max
        refused = (
            (signal.expires_at_ms is not None and now_ms >= signal.expires_at_ms)
            or signal.created_at_ms - now_ms > skew_ms_max
            or (
                memory.forgotten_ms is not None
                and signal.created_at_ms < (memory.oldest_ms or memory.forgotten_ms)
            )
        )
        if not refused:
            return age
        return Check(self.NAME, "breach", age.measured, age.limit, age.headroom)
