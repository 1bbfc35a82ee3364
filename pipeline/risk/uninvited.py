"""Signals that would begin an account when there are too many: a strategy may name any id.

Each account costs a state, a row and a place in broadcast's memory for ever. A signal of one that
has not begun is rejected in any case, as it has no opening; beyond the bound it leaves nothing.
Whatever else names an account comes from a desk or an engine, and always begins it.
"""

from pipeline.risk.account.account import Account, Shared
from topics.events import Event, SignalEvent

__all__ = ["ACCOUNTS_MAX", "uninvited"]

ACCOUNTS_MAX = 20_000  # Of one partition. More may begin, but not by a signal.


def uninvited(account: Account, shared: Shared, event: Event) -> str | None:
    """Return why an event may not begin its account; None if it may, or the account is there."""
    if account.applied.number or shared.accounts < ACCOUNTS_MAX:
        return None
    if account.applied.sequence or not isinstance(event, SignalEvent):
        return None
    return (
        f"its partition has {shared.accounts} accounts, and a signal begins no more than "
        f"{ACCOUNTS_MAX}; open the account first"
    )
