"""What was refused or cut of a symbol for a while: enough to value it at any later mark."""

from decimal import Decimal

from msgspec import Struct

STRETCH_MS = 14_400_000
LATER_MS = 86_400_000  # After a stretch it is valued once and for all.


class RefusedOrder(Struct, frozen=True, array_like=True, gc=False):
    """Sums, as gains and losses grow evenly with them."""

    stretch: int  # Counted from the epoch.
    quantity: Decimal  # In units, signed.
    cost: Decimal  # Its signed worth at the prices that were asked, before the multiplier.

    @property
    def due_ms(self) -> int:
        return (self.stretch + 1) * STRETCH_MS + LATER_MS
