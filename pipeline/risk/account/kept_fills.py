"""Kept fills: the last ones of each symbol, so that a bust folds anew what came after its fill.

They live outside the account's record, where the shell stores them by number; the core says what
to write and what to drop, and is given them with a bust. Each knows the position before it, so no
sum of older ones is needed.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.contents import number_in
from pipeline.risk.account.holding import Execution, Mark, StopLevels
from pipeline.risk.account.position import Position
from pipeline.risk.numbers import ZERO

FILLS_MAX = 1000  # Of each symbol.


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """What the stop price follows from where a fill opens a position or adds to it."""

    order: str = ""  # Its signal_id; empty for a fill of nobody's order.
    stop: Decimal | None = None  # As the signal named it.
    distance: Decimal | None = None  # Of a computed stop, from the average price of the fills.
    ratio: Decimal = ZERO  # Of the price, where there is no distance.
    filled: Decimal = ZERO  # In units, by those fills of the order before this one that stand.
    cost: Decimal = ZERO  # Of these, as a position counts it.


class KeptFill(Struct, frozen=True, array_like=True, gc=False):
    """To be written in the place of what has its number."""

    symbol: str
    number: int
    execution: Execution
    before: Position
    rate: Decimal | None = None  # Of the settlement currency at the fill; None: there was none.
    counted: bool | None = None  # Changed the balance; None: it came before the opening.
    busted: bool = False
    fee_rate: Decimal | None = None  # Of the currency of a fee that is neither, at the fill.
    fee_counted: bool | None = None  # The same as `counted` of such a fee.
    booked_ms: int = 0  # When it came.
    stop_levels: StopLevels | None = None  # Before it, and so are the confirming marks.
    marks: tuple[Mark, ...] = ()
    entry: Entry | None = None  # None: it says nothing of stops.


class ForgottenFills(Struct, frozen=True, gc=False):
    """To be dropped: all kept fills of a symbol below a number."""

    symbol: str
    end: int


class WantedFills(Struct, frozen=True, gc=False):
    """To be given to the next step: the kept fills of a symbol, by number."""

    symbol: str
    begin: int
    end: int

    def since(self, content: str) -> "WantedFills":
        """Leave out what came before a fill, by the content kept with its identity."""
        return replace(self, begin=max(self.begin, number_in(content)))
