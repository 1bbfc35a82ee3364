"""Reject entries in an instrument that is halted or delisted."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class InstrumentStatus(Rule, frozen=True, kw_only=True):
    PLACE = 71
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        instrument = order.terms.holding.instrument
        return self.flag(breached=instrument is not None and instrument.status != "trading")

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        instrument = order.terms.holding.instrument
        status = "unknown" if instrument is None else instrument.status
        return f"{order.terms.signal.symbol} is {status}."
