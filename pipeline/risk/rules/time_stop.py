"""Close a position that was held for too long; off until a time is set."""

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.numbers import whole
from pipeline.risk.parameters import PerSymbol, per_symbol
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import PositionStop


class TimeStop(PositionStop, frozen=True, kw_only=True):
    hold_ms_max: PerSymbol | None = None  # Since it left zero; longer than this closes it.

    PLACE = 530
    NEEDED = (("hold_ms_max",),)

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        limit = per_symbol(self.hold_ms_max, holding.symbol)
        if limit is None or now_ms - stop_levels.opened_ms <= limit:
            return None
        return Measure(whole(now_ms - stop_levels.opened_ms), limit)

    def due_ms(self, symbol: str, stop_levels: StopLevels) -> int | None:
        limit = per_symbol(self.hold_ms_max, symbol)
        return None if limit is None else stop_levels.opened_ms + int(limit) + 1
