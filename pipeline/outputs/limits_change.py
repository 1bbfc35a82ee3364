"""A limits document that would replace another, and what it would change, account by account."""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.outputs.change_text import changes
from pipeline.outputs.limit_words import labels, passing
from pipeline.risk.account.documents import Document, Rules, Temporary
from pipeline.risk.limits.document import canonical
from pipeline.risk.limits.listing import listing
from pipeline.risk.structs import replace
from pipeline.streams.admin.limits_log import Published
from topics.fields import EVERYONE

__all__ = ["Change", "differences", "left_alone"]

LATEST_MS = 2**62


class Change(NamedTuple):
    """A document that would replace another."""

    account: str
    rules: Rules
    log: Published
    duration_ms: int | None = None  # For so long it lies over the lasting document.

    def before(self, account: str) -> tuple[str, str]:
        """Return the rules in force for an account: those of `*`, then its own."""
        own = "{}" if account == EVERYONE else self.log.rules_of(account)
        return self.log.rules_of(EVERYONE), own

    def after(self, account: str) -> tuple[str, str]:
        """Return the rules that would be in force, in the same order."""
        everyone, own = self.before(account)
        rules = self.rules_after()
        return (rules, own) if self.account == EVERYONE else (everyone, rules)

    def rules_after(self) -> str:
        """Return what would be in force of its own account's documents alone."""
        return self._result().in_force

    def _result(self) -> Document:
        held, rules = self.log.of(self.account), canonical(self.rules)
        if self.duration_ms is None:
            return replace(held, rules=rules)
        added = Temporary(self.log.highest.get(self.account, 0) + 1, rules, LATEST_MS)
        return replace(held, temporary=(*held.temporary, added) if self.rules else ())

    def concerned(self) -> Iterator[str]:
        """Yield the accounts it may affect; `*` stands for all accounts without a document."""
        yield self.account
        if self.account == EVERYONE:
            yield from sorted(name for name in self.log.in_force if name != EVERYONE)


def differences(change: Change, account: str) -> list[str]:
    """Return a line for each limit in force that a document would change for an account."""
    before, after = (listing(*each(account)) for each in (change.before, change.after))
    texts = labels(change.log, account)
    return list(changes(before, after, texts, passing=passing(change.log, account)))


def left_alone(change: Change) -> Iterator[str]:
    """Yield the accounts whose own document needs a parameter that the new `*` document drops."""
    for account in change.concerned():
        old, new = (listing(*each(account)).halves for each in (change.before, change.after))
        for rule in new:
            if account != change.account and rule not in old:
                yield (
                    f"{account} relies on {EVERYONE}: its {rule} {new[rule]}, "
                    "or every entry is rejected"
                )
