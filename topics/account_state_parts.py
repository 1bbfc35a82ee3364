"""Parts of an account's state: positions, reservations, day and week, counts, and what broadcast
compares the market with.
"""

from typing import Annotated

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    PRICE,
    SIGNED_MONEY,
    SIGNED_UNITS,
    UNITS,
    UNKNOWN,
    AnyId,
    Id,
    Millis,
    Number,
    Quantity,
    Side,
    Symbol,
    doc,
)


class PositionState(Struct, frozen=True, kw_only=True, gc=False):
    symbol: Annotated[Symbol, doc("Instrument that is or was held.")]
    quantity: Annotated[Quantity, doc("Net position.", unit=SIGNED_UNITS)]
    average_price: Annotated[Number, doc("Average entry price; 0 if flat.", unit=PRICE)]
    mark_price: Annotated[
        Number | None,
        doc("Mark that values the position.", unit=PRICE, null="if there never was a price"),
    ]
    unrealized_pnl: Annotated[
        Number | None,
        doc(
            "PnL of the position at that mark.",
            unit=SIGNED_MONEY,
            null="while the mark, the instrument or a rate is missing",
        ),
    ]
    realized_pnl: Annotated[
        Number,
        doc("PnL of the symbol over the life of the account, fees included.", unit=SIGNED_MONEY),
    ]


class ReservationState(Struct, frozen=True, kw_only=True, gc=False):
    signal_id: Annotated[
        AnyId, doc("Order that it is for: signal_id of the decision or exit_id of the exit.")
    ]
    symbol: Annotated[Symbol, doc("Instrument of the order.")]
    side: Annotated[Side, doc("Side of the order.")]
    quantity: Annotated[Quantity, doc("Part of the order that is not filled yet.", unit=UNITS)]
    price: Annotated[
        Number,
        doc("Limit price, or for a market order its reference with the collar.", unit=PRICE),
    ]


class WindowState(Struct, frozen=True, kw_only=True, gc=False):
    pnl: Annotated[
        Number | None,
        doc("PnL since the start, unrealized included.", unit=SIGNED_MONEY, null=UNKNOWN),
    ]
    realized: Annotated[
        Number, doc("Realized since the start, fees and adjustments included.", unit=SIGNED_MONEY)
    ]
    start_equity: Annotated[
        Number | None,
        doc("Equity at the start.", unit=SIGNED_MONEY, null="until equity is first known"),
    ]


class DayState(WindowState, frozen=True, kw_only=True, gc=False):
    day: Annotated[str, doc("Local date of the start, such as 2026-01-31.")]


class WeekState(WindowState, frozen=True, kw_only=True, gc=False):
    week: Annotated[str, doc("ISO year and week of the start, such as 2026-W05.")]


class ViolationCounts(Struct, frozen=True, kw_only=True):
    by_level: Annotated[dict[str, int], doc("Number of violations by level.", unit="count")]
    by_rule: Annotated[dict[str, int], doc("Number of violations by rule.", unit="count")]


class WatchedSymbol(Struct, frozen=True, kw_only=True, gc=False):
    """What the account itself holds of a symbol's price; broadcast measures moves against it."""

    symbol: Annotated[Symbol, doc("Instrument that is held or reserved.")]
    mark_price: Annotated[
        Number | None,
        doc("Mark that the account holds.", unit=PRICE, null="if it holds none"),
    ]
    as_of_ms: Annotated[
        Millis | None, doc("Time of its quote.", unit=EPOCH_MS, null="if it took none yet")
    ]
    offset: Annotated[int, doc("Offset in `prices` of the quote that it took last; -1 for none.")]
    epoch: Annotated[str, doc("Log that counts the offset; empty if there is no quote.")] = ""


class HeldRate(Struct, frozen=True, kw_only=True, gc=False):
    """A rate that the account needs, as it holds it; broadcast measures moves against it."""

    currency: Annotated[Id, doc("Currency that the account converts.")]
    rate: Annotated[
        Number | None,
        doc(
            "Exchange rate.",
            unit="account currency per unit of currency",
            null="if it has none yet",
        ),
    ]
    as_of_ms: Annotated[
        Millis | None, doc("Time of the rate.", unit=EPOCH_MS, null="if it has none yet")
    ]
