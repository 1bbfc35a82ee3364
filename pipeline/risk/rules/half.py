"""What stands in for a rule that has only a part of its limits: nobody knows what it allows.

A document that sets half a rule is refused; this is for when the other half goes later: a document
of `*` takes it away, or a release refuses what an earlier one stored.
"""

from typing import cast

from msgspec import defstruct

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class Half(Rule, frozen=True, kw_only=True):
    SAYS = "Only a part of this rule's limits is set, so nobody knows what it allows."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.BREACHED


def half_of(rule: type[Rule]) -> Half:
    """Make the stand-in of one rule, under its name and in its place."""
    name = f"Half{rule.__name__}"
    kind = cast("type[Half]", defstruct(name, [], bases=(Half,), frozen=True, kw_only=True))
    kind.NAME, kind.PLACE, kind.BREACHED = rule.NAME, rule.PLACE, rule.BREACHED
    return kind()
