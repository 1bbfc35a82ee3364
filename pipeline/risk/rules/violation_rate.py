"""Tell when an account violates its limits too often: refused signals and breached watches."""

from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.rule import Rule


class ViolationRate(Rule, frozen=True, kw_only=True):
    on_breach: OnBreach = "warn"

    PLACE = 570
    GATE = False
