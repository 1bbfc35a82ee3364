"""Money apart: booked in its own currency until a rate is seen."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.holding import Execution
from pipeline.risk.numbers import ZERO

WAITING_MAX = 100  # Of a symbol and currency.


class Waiting(Struct, frozen=True, array_like=True, gc=False):
    """What of a fill waits for its rate: it belongs to the day and the week of the fill."""

    execution: Execution
    counted: Decimal
    late: bool  # It came after the day of its execution.


class Unconverted(Struct, frozen=True, array_like=True, gc=False):
    """What a symbol brought in one currency."""

    amount: Decimal = ZERO
    counted: Decimal = ZERO  # What of it changes the balance.
    waiting: tuple[Waiting, ...] = ()  # Fills that are part of what is counted.


class Early(Struct, frozen=True, array_like=True, gc=False):
    """Money realized before the opening: it counts when executed after the opening's as_of."""

    executed_ms: int
    currency: str
    amount: Decimal
    symbol: str = ""
    ended: bool = False  # The position that it belongs to; the open one began later.


def ended(early: tuple[Early, ...], symbol: str) -> tuple[Early, ...]:
    """Return early money when a position begins: what its symbol realized is no result of it."""
    if all(each.ended or each.symbol != symbol for each in early):
        return early
    return tuple(replace(each, ended=True) if each.symbol == symbol else each for each in early)
