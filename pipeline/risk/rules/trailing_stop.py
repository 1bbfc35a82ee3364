"""Close a position whose price retreated too far from its best mark; off until a ratio is set."""

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.numbers import ZERO
from pipeline.risk.parameters import PerSymbol, per_symbol
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import PositionStop


class TrailingStop(PositionStop, frozen=True, kw_only=True):
    trailing_ratio: PerSymbol | None = None  # Of the best mark since the position left zero.

    PLACE = 520
    NEEDED = (("trailing_ratio",),)
    LOOSER_UP = ("trailing_ratio",)

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        limit = per_symbol(self.trailing_ratio, holding.symbol)
        best = stop_levels.best
        if limit is None or holding.mark is None or best <= ZERO:
            return None  # A ratio to a price <= 0 has no meaning.
        against = best - holding.mark if holding.position.quantity > ZERO else holding.mark - best
        measure = Measure(against / best, limit)
        return measure if measure.breached() else None
