"""Alert when an account violates its limits too often: rejected signals and breached limits."""

from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.rule import Rule

# Too many violations are none themselves, nor is what nobody decided.
NOT_VIOLATIONS = frozenset({"violation_rate", "unmatched_fill"})


class ViolationRate(Rule, frozen=True, kw_only=True):
    on_breach: OnBreach = "warn"

    PLACE = 570
    GATE = False
