"""Accounts that riskgate itself failed on: nothing of their events is applied any more.

Apart from partition_accounts.py: this knows why an account is set aside and until when.
"""

from pipeline.risk.account.account import Account
from pipeline.risk.structs import replace
from pipeline.streams.roles.decide.account_store import AccountStore, Quarantine

__all__ = ["INTERNAL", "QUARANTINED", "RETRIED", "Quarantines"]

INTERNAL = "internal: "  # What the problem of an event begins with that riskgate could not use.
QUARANTINED = f"{INTERNAL}the account is quarantined: an event before raised beyond repair"
RETRIED = (
    f"{INTERNAL}the account was quarantined by another release, so its state lacks events: compare "
    "its positions and balance before it is resumed"
)


class Quarantines:
    """The quarantined accounts of one partition, of those in memory; the store knows the others."""

    def __init__(self, store: AccountStore, rules_version: str) -> None:
        self._store = store
        self._rules_version = rules_version
        self._held: set[str] = set()  # Halted with each event, as far as that works.
        self._mute: set[str] = set()  # Not even that: their state cannot be saved.
        self._retried: set[str] = set()  # Quarantined by another release; not halted yet.

    def __contains__(self, account_id: str) -> bool:
        return self._store.quarantine_of(account_id) is not None

    def is_mute(self, account_id: str) -> bool:
        """Whether nothing of an account may go out: after a restart it would be numbered again."""
        return account_id in self._mute

    def reason(self, account_id: str) -> str | None:
        """Return why nothing of an account's next event is applied, None when it is."""
        if account_id in self._held:
            return QUARANTINED
        return RETRIED if account_id in self._retried else None

    def add(self, account_id: str) -> bool:
        """Set aside every event of an account until another release tries again.

        Return whether that is new.
        """
        if account_id in self._held or account_id in self._mute:
            return False
        self._held.add(account_id)
        self._retried.discard(account_id)
        self._store.quarantine(account_id, Quarantine(self._rules_version))
        return True

    def mute(self, account_id: str, sequence: int) -> None:
        """Note, as of the barrier, an account whose state cannot be saved.

        sequence: the last that went out; what comes after the quarantine goes on behind it.
        """
        self._mute.add(account_id)
        self._store.save_quarantine(account_id, Quarantine(self._rules_version, sequence))

    def begin(self, account_id: str, account: Account | None) -> Account | None:
        """Note how an account was left that is loaded now, and return it as it goes on.

        One whose state lacks events must not go on unhalted.
        """
        left = self._store.quarantine_of(account_id)
        if left is None:
            return account
        if left.rules_version == self._rules_version:
            (self._held if left.sequence is None else self._mute).add(account_id)
            return account
        if account is not None and any(
            stop.rule == "internal_error" for stop in account.halts.stops
        ):
            self._store.end_quarantine(account_id)
        else:
            self._retried.add(account_id)
        return _numbered(account, left.sequence)

    def end_retry(self, account_id: str) -> None:
        """Take the events of an account again that another release had quarantined."""
        if account_id in self._retried:
            self._retried.discard(account_id)
            self._store.end_quarantine(account_id)


def _numbered(account: Account | None, sequence: int | None) -> Account | None:
    """Let no number come twice of an account whose last ones were not saved."""
    if account is None or sequence is None or account.applied.sequence >= sequence:
        return account
    return replace(account, applied=replace(account.applied, sequence=sequence))
