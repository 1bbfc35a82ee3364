"""The stand-in for a rule that has only some of the limits it needs: it rejects every entry.

A document that sets half a rule is refused. The other half can still disappear later: a `*`
document removes it, or a newer release refuses a parameter that an earlier one stored.
"""

from types import new_class
from typing import cast

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class Half(Rule, frozen=True, kw_only=True):
    SAYS = "Only some of this rule's limits are set, so what it allows is unknown."
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        return self.BREACHED


def half_of(rule: type[Rule]) -> Half:
    """Build the stand-in for a rule, with the rule's name and place."""
    name = f"Half{rule.__name__}"
    kind = cast("type[Half]", new_class(name, (Half,)))
    kind.NAME, kind.PLACE, kind.BREACHED = rule.NAME, rule.PLACE, rule.BREACHED
    return kind()
