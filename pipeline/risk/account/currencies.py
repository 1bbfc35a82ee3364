"""Other currencies than the account's: rates, cash, and money that came without any rate."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.holding import Mark
from pipeline.risk.account.unconverted import Unconverted


class KnownRate(Struct, frozen=True, array_like=True, gc=False):
    """Units of the account's currency for one of another."""

    rate: Decimal
    as_of_ms: int
    marks: tuple[Mark, ...] = ()  # Confirming ones, oldest first, the newest included.


class WaitingFlows(Struct, frozen=True, array_like=True, gc=False):
    """Flows in a currency without any rate yet: peak and windows are moved at the first."""

    net: Decimal
    deposits: Decimal


class Currencies(Struct, frozen=True, array_like=True, gc=False):
    """What an account has and knows of other currencies than its own."""

    rates: dict[str, KnownRate] = {}  # Of other currencies that instruments settle in.
    unconverted: dict[str, Unconverted] = {}  # Booked without a rate, by `currency:symbol`.
    by_currency: bool = False  # Money stays in its own currency; chosen at the opening.
    cash: dict[str, Decimal] = {}  # By currency other than the account's; empty while converted.
    waiting_flows: dict[str, WaitingFlows] = {}  # By currency.
    adjusted_ms: dict[str, int] = {}  # as_of of the adopted snapshot, by currency.
