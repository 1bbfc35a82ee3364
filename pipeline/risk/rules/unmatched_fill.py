"""Alert when fills name no decision although riskgate decides the account's orders."""

from pipeline.risk.parameters import OnBreach
from pipeline.risk.rules.rule import Rule


class UnmatchedFill(Rule, frozen=True, kw_only=True):
    on_breach: OnBreach = "warn"

    PLACE = 565
    GATE = False
