"""Close a position whose mark reached the stop price of its newest filled entry."""

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import PositionStop


class StopLoss(PositionStop, frozen=True, kw_only=True):
    PLACE = 510

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        mark, stop = holding.mark, stop_levels.stop
        if mark is None or stop is None:
            return None
        reached = mark <= stop if holding.position.quantity > 0 else mark >= stop
        return Measure(mark, stop) if reached else None
