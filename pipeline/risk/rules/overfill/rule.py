"""Reduce when fills exceed their orders too often: more is traded than was approved."""

from typing import Annotated

from msgspec import Meta

from pipeline.risk.account.rule_records import OVERFILLS_MAX
from pipeline.risk.parameters import Duration, OnBreach
from pipeline.risk.rules.rule import Rule


class Overfill(Rule, frozen=True, kw_only=True):
    overfills_max: Annotated[int, Meta(ge=1, le=OVERFILLS_MAX)] = 3  # This many breach.
    window_ms: Duration = 3_600_000
    on_breach: OnBreach = "reduce"

    PLACE = 562
    LOOSER_DOWN = ("window_ms",)
    GATE = False
