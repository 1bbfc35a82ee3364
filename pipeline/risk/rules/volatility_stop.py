"""Close a position after an adverse move of too many ATRs; off until a multiple is set."""

from decimal import Decimal

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import PositionStop


class VolatilityStop(PositionStop, frozen=True, kw_only=True):
    volatility_multiple: Decimal | None = None  # Of the ATR.

    PLACE = 540
    NEEDED = (("volatility_multiple",),)
    LOOSER_UP = ("volatility_multiple",)

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        mark, quote = holding.mark, holding.quote
        if mark is None or quote is None or quote.atr is None or self.volatility_multiple is None:
            return None
        average = holding.average_price
        if mark <= ZERO or average <= ZERO:
            return None  # A multiple of the ATR has no meaning at a price <= 0.
        against = average - mark if holding.position.quantity > ZERO else mark - average
        measure = Measure(against, self.volatility_multiple * quote.atr)
        return measure if measure.breached() else None
