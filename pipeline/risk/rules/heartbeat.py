"""Reject entries when broadcast has sent no heartbeat for too long: stops are unmonitored."""

from pipeline.risk.numbers import whole
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Duration
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class HeartbeatAge(Rule, frozen=True, kw_only=True):
    heartbeat_age_ms_max: Duration = 5000  # Since the last heartbeat; 0 turns the rule off.

    PLACE = 50
    UNIT = "ms"
    SAYS = "Broadcast sent its last heartbeat {measured} ms ago; the maximum is {limit} ms."
    OFF_AT_ZERO = ("heartbeat_age_ms_max",)
    ENTRY = True

    @property
    def ready(self) -> bool:
        return self.heartbeat_age_ms_max > 0

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        heartbeat_at_ms = view.shared.heartbeat_at_ms
        if heartbeat_at_ms is None:
            return self.numbers("breach", None, whole(self.heartbeat_age_ms_max))
        return self.count(max(view.now_ms - heartbeat_at_ms, 0), self.heartbeat_age_ms_max)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            return "Broadcast has sent no heartbeat yet."
        return sentence(self.SAYS, check)
