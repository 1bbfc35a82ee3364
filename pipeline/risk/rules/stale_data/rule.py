"""Reduce while a held symbol has no fresh price; lift the stop once all are fresh again."""

from pipeline.risk.parameters import Duration, OnBreach
from pipeline.risk.rules.rule import Rule


class StaleData(Rule, frozen=True, kw_only=True):
    stale_ms: Duration = 60_000  # Age of a held symbol's newest price.
    on_breach: OnBreach = "reduce"

    PLACE = 550
    LOOSER_UP = ("stale_ms",)
    GATE = False
