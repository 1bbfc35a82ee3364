"""Close a position that went too many true ranges against it; off until a multiple is set."""

from decimal import Decimal

from pipeline.risk.book.holding import Guard, Holding
from pipeline.risk.rules.rule import Measure, PositionStop


class VolatilityStop(PositionStop, frozen=True, kw_only=True):
    volatility_multiple: Decimal | None = None  # Of the mean true range.

    PLACE = 540

    @property
    def ready(self) -> bool:
        return self.volatility_multiple is not None

    def hit(self, holding: Holding, guard: Guard, now_ms: int) -> Measure | None:
        mark, quote = holding.mark, holding.quote
        if mark is None or quote is None or quote.atr is None or self.volatility_multiple is None:
            return None
        position = holding.position
        against = holding.average_price - mark
        if position.quantity < 0:
            against = -against
        limit = self.volatility_multiple * quote.atr
        return Measure(against, limit) if against > limit else None
