"""Close a position whose price fell too far from its best mark; off until a ratio is set."""

from pipeline.risk.book.holding import Guard, Holding
from pipeline.risk.limits.parameters import PerSymbol, per_symbol
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.rules.rule import Measure, PositionStop


class TrailingStop(PositionStop, frozen=True, kw_only=True):
    trailing_ratio: PerSymbol | None = None  # Of the best mark since the position left zero.

    PLACE = 520

    @property
    def ready(self) -> bool:
        return self.trailing_ratio is not None

    def hit(self, holding: Holding, guard: Guard, now_ms: int) -> Measure | None:
        limit = per_symbol(self.trailing_ratio, holding.symbol)
        if limit is None or holding.mark is None:
            return None
        best = guard.best
        against = best - holding.mark if holding.position.quantity > ZERO else holding.mark - best
        if against <= max(limit * best, ZERO):
            return None
        # At a best mark of 0 or less no ratio means anything: any fall is all of it.
        return Measure(against / best if best > ZERO else ONE, limit)
