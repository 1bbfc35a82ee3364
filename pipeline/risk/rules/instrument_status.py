"""Refuse entries in an instrument whose trading is halted, or that is delisted."""

from pipeline.risk.order.candidate_order import Proposal
from pipeline.risk.order.risk_view import Standing
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class InstrumentStatus(Rule, frozen=True, kw_only=True):
    PLACE = 71
    ENTRY = True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        instrument = proposal.terms.holding.instrument
        return self.flag(breached=instrument is not None and instrument.status != "trading")

    def message(self, standing: Standing, proposal: Proposal, check: Check) -> str:
        instrument = proposal.terms.holding.instrument
        status = "unknown" if instrument is None else instrument.status
        return f"{proposal.terms.signal.symbol} is {status}."
