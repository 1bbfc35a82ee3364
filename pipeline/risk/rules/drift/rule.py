"""Adopt a position or balance snapshot that differs from ours for too long, then reduce."""

from decimal import Decimal

from pipeline.risk.parameters import Duration, OnBreach
from pipeline.risk.rules.rule import Rule


class Drifting(Rule, frozen=True, kw_only=True):
    drift_grace_ms: Duration = 5000  # From the first differing snapshot.
    balance_tolerance_ratio: Decimal = Decimal("0.0001")  # Of the expected balance.
    on_breach: OnBreach = "reduce"

    PLACE = 560
    LOOSER_UP = ("drift_grace_ms", "balance_tolerance_ratio")
    GATE = False
