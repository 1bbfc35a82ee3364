"""Kept fills: the last ones of each symbol, so that a bust folds anew what came after its fill.

They live outside the account's record, where the shell stores them by number; the core says what
to write and what to drop, and is given them with a bust. Each knows the position before it, so no
sum of older ones is needed.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import Account
from pipeline.risk.account.contents import counterpart_of
from pipeline.risk.account.holding import Execution, Holding, Mark, StopLevels
from pipeline.risk.account.position import Position
from topics.events import Event, FillEvent

FILLS_MAX = 1000  # Of each symbol.


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


class ForgottenFills(Struct, frozen=True, gc=False):
    """To be dropped: all kept fills of a symbol below a number."""

    symbol: str
    end: int


class WantedFills(Struct, frozen=True, gc=False):
    """To be given to the next step: the kept fills of a symbol, by number."""

    symbol: str
    begin: int
    end: int


class WantedOfFill(Struct, frozen=True, gc=False):
    """To be looked up for a fill."""

    counterpart: str  # The bust of a fill, or the fill of a bust.
    signal: str | None  # That it says it is of, where nothing is reserved for it any more.
    fills: WantedFills | None  # With a bust or a correction: those kept of its symbol.


def wanted_of_fill(account: Account | None, event: Event) -> WantedOfFill | None:
    """Say what the next step has to see of what is remembered, if the event is a fill.

    Of the kept fills all from the changed one on, `number_in` what was kept with its id.
    """
    if not isinstance(event, FillEvent):
        return None
    fill = event.body
    holding = None if account is None else account.holdings.get(fill.symbol)
    is_reserved = holding is not None and fill.signal_id in holding.reservations
    return WantedOfFill(
        counterpart=counterpart_of(fill),
        signal=None if fill.signal_id is None or is_reserved else f"signal:{fill.signal_id}",
        fills=_all_of(holding) if holding is not None and fill.kind != "new" else None,
    )


def _all_of(holding: Holding) -> WantedFills:
    return WantedFills(holding.symbol, max(holding.fills - FILLS_MAX, 0), holding.fills)
