"""What an account knows of other currencies: their rates, and flows that came without any."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.holding import Mark


class KnownRate(Struct, frozen=True, array_like=True, gc=False):
    """Units of the account's currency for one of another."""

    rate: Decimal
    as_of_ms: int
    marks: tuple[Mark, ...] = ()  # Confirming ones, oldest first, the newest included.


class WaitingFlows(Struct, frozen=True, array_like=True, gc=False):
    """Flows in a currency without any rate yet: peak and windows are moved at the first."""

    net: Decimal
    deposits: Decimal
