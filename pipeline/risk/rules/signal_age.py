"""Refuse signals that are too old, expired, from the future, or from before what is remembered."""

from decimal import Decimal

from pipeline.risk.account import Memory
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
        age_ms = now_ms - signal.created_at_ms
        check = self.cap(Decimal(age_ms), Decimal(self.signal_age_ms_max))
        refused = (
            -age_ms > standing.limits.prices.clock_skew_ms_max
            or (signal.expires_at_ms is not None and now_ms >= signal.expires_at_ms)
            or _from_before(standing.account.memory, signal.created_at_ms)
        )
        if not refused:
            return check
        return Check(self.NAME, "breach", check.measured, check.limit, check.headroom)


def _from_before(memory: Memory, created_at_ms: int) -> bool:
    """Whether a signal's id may have been forgotten already."""
    if memory.forgotten_ms is None:
        return False
    return created_at_ms < (memory.oldest_ms or memory.forgotten_ms)
