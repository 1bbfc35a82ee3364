"""Refuse entries for a while after too many positions were closed by their stops."""

from bisect import bisect_right
from typing import Annotated

from msgspec import Meta

from pipeline.risk.numbers import whole
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Duration
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class StopoutGuard(Rule, frozen=True, kw_only=True):
    stopouts_max: Annotated[int, Meta(ge=1, le=100)] | None = None  # So many refuse.
    lookback_ms: Duration | None = None
    cooldown_ms: Duration | None = None  # After the last; unset: while lookback_ms holds as many.
    per_symbol: bool = True

    PLACE = 270
    UNIT = "count"
    SAYS = (
        "{measured} positions were closed by their stops lately; "
        "{limit} are enough to reject entries."
    )
    NEEDED = (("stopouts_max", "lookback_ms"),)
    LOOSER_UP = ("per_symbol",)
    LOOSER_DOWN = ("lookback_ms",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        stopouts, symbol = view.account.rules.stopout_guard, order.terms.holding.symbol
        if not stopouts:
            return self.PASSED
        times_ms = [at for name, at in stopouts if name == symbol or not self.per_symbol]
        most, limit = self._most(times_ms, view.now_ms), self.stopouts_max or 1
        verdict = self.BREACHED.verdict if most >= limit else self.PASSED.verdict
        return self.numbers(verdict, whole(most), whole(limit), headroom=whole(limit - most))

    def _most(self, times_ms: list[int], now_ms: int) -> int:
        """The most stop-outs within a lookback whose cooldown is not over."""
        lookback_ms = self.lookback_ms or 0
        if self.cooldown_ms is None:
            return len(times_ms) - bisect_right(times_ms, now_ms - lookback_ms)
        return max(
            (
                place + 1 - bisect_right(times_ms, at_ms - lookback_ms)
                for place, at_ms in enumerate(times_ms)
                if now_ms < at_ms + self.cooldown_ms
            ),
            default=0,
        )
