"""Other currencies in the account's row: cash, the rates it has, and money that waits for one."""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.account.holding import Holding
from topics.account_states import HeldRate

_UNCONVERTED_MAX = 4  # Their rates must fit into any revaluation.


def cash_of(account: Account) -> dict[str, Decimal]:
    """Return the balance of each currency, the account's own first."""
    return {account.capital.currency or "": account.capital.balance, **account.currencies.cash}


def rates_of(account: Account, watched: list[Holding]) -> tuple[HeldRate, ...]:
    """Report the rates that the account needs, including those it does not have yet."""
    held = [item.foreign_currency for item in watched if item.foreign_currency is not None]
    return tuple(
        _rate(account, currency) for currency in dict.fromkeys((*held, *account.currencies.cash))
    )


def _rate(account: Account, currency: str) -> HeldRate:
    known = account.currencies.rates.get(currency)
    if known is None:
        return HeldRate(currency=currency, rate=None, as_of_ms=None)
    return HeldRate(currency=currency, rate=known.rate, as_of_ms=known.as_of_ms)


def unconverted_of(account: Account) -> tuple[str, ...]:
    """Return the first few currencies of money that waits for a rate."""
    currencies = {key.partition(":")[0] for key in account.currencies.unconverted}
    return tuple(sorted(currencies)[:_UNCONVERTED_MAX])
