"""Reject entries while the instrument's exchange is closed or about to close."""

from decimal import Decimal

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Count
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check
from topics.events import Session

_MINUTE_MS = Decimal(60_000)


class TradingHours(Rule, frozen=True, kw_only=True):
    minutes_before_close: Count | None = None  # Entries end this long before the close.

    PLACE = 74
    UNIT = "ms"
    LOOSER_DOWN = ("minutes_before_close",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        terms, minutes = order.terms, self.minutes_before_close
        if terms.holding.instrument is None:
            return self.unknown()
        if terms.holding.instrument.session is None:
            return self.PASSED
        session = _open_at(terms.sessions, view.now_ms)
        if session is None or not minutes:
            return self.flag(breached=session is None)
        return self.floor(Decimal(session.close_ms - view.now_ms), Decimal(minutes) * _MINUTE_MS)

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            return "The instrument's exchange is closed, or its trading hours are unknown."
        template = "The exchange closes in {measured} ms; entries end {limit} ms before the close."
        return sentence(template, check)


def _open_at(sessions: tuple[Session, ...], now_ms: int) -> Session | None:
    """Return the session that is open now; None outside sessions and during breaks."""
    for session in sessions:
        if session.open_ms <= now_ms < session.close_ms:
            start_ms, end_ms = session.break_start_ms, session.break_end_ms
            on_break = start_ms is not None and end_ms is not None and start_ms <= now_ms < end_ms
            return None if on_break else session
    return None
