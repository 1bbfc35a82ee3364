"""Reject entries for a while after stops closed too many positions."""

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
    stopouts_max: Annotated[int, Meta(ge=1, le=100)] | None = None  # Stop-outs that breach.
    lookback_ms: Duration | None = None
    cooldown_ms: Duration | None = None  # After the last; unset: none.
    per_symbol: bool = True

    PLACE = 270
    UNIT = "count"
    SAYS = "Stops closed {measured} positions recently; entries are rejected from {limit} on."
    NEEDED = (("stopouts_max", "lookback_ms"),)
    LOOSER_UP = ("per_symbol",)
    LOOSER_DOWN = ("lookback_ms",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        stopouts, symbol = view.account.rules.stopout_guard, order.terms.holding.symbol
        if not stopouts:
            return self.PASSED
        times_ms = [at for name, at in stopouts if name == symbol or not self.per_symbol]
        count, limit = self._worst_count(times_ms, view.now_ms), self.stopouts_max or 1
        verdict = self.BREACHED.verdict if count >= limit else self.PASSED.verdict
        return self.numbers(verdict, whole(count), whole(limit), headroom=whole(limit - count))

    def _worst_count(self, times_ms: list[int], now_ms: int) -> int:
        """Return the most stop-outs in any lookback window whose cooldown is still running."""
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
