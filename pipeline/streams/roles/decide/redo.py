"""Decide again what an owner before decided after its checkpoint, and send what is missing.

A decision is a pure function of the log and the release, so what one release decides again is, byte
for byte, what is on the topics already. Where it is not, that is a fork: two workers of different
opinions. Nothing of the event is sent then, and its account is halted.

With replica sets the other one goes on while a worker is away: what it published is there already.
"""

import logging
from collections.abc import Callable

import msgspec

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.records import Applied
from pipeline.risk.step import Step
from pipeline.streams.role_interface import Output, Published
from pipeline.streams.roles.decide.published_event import (
    Fork,
    PublishedEvent,
    Row,
    digest_of,
    head_of,
)
from topics.fields import EVERYONE

__all__ = ["Fork", "Redo", "Row", "applied_by"]

logger = logging.getLogger(__name__)

CLOCKS_MS_MAX = 60_000


def applied_by(account_id: str, taken: Step) -> Applied | Shared | None:
    """Return what has the number and chain of a decided event; None if nothing was applied."""
    record = taken.shared if account_id == EVERYONE else taken.account
    if taken.repeated or record is None:
        return None
    return record.applied if isinstance(record, Account) else record


class Redo:
    """The outputs of one partition that are published, by account and sequence.

    Another release may decide the same event otherwise. What it published stands, as engines may
    have acted on it: it is not sent again, and nothing that would contradict it is sent. This
    worker's state is what its own rules make of the log.

    False once everything in it is decided again; it costs nothing from then on.
    """

    def __init__(self, published: Published, *, dead_letters: str, rules_version: str) -> None:
        self.already = 0  # Outputs that were there.
        self.missing = 0  # Outputs that were not.
        self.differing = 0  # Outputs of another release that are not decided now.
        self._until = published.until  # No event from this offset on was decided before.
        self._dead_letters = dead_letters
        self._rules_version = rules_version
        self._events: dict[tuple[str, int], PublishedEvent] = {}
        self._letters: set[bytes] = set()
        self._since_ms: dict[str, int] = {}  # By topic that was cut: events from there are known.
        self._cut = published.cut
        self._differing_accounts: set[str] = set()
        for output in published.outputs:
            self._add(output)

    def __bool__(self) -> bool:
        return bool(self._events or self._letters)

    def has_letter(self, value: bytes) -> bool:
        """Return whether a dead letter is published already."""
        return digest_of(value) in self._letters

    def to_send(self, account_id: str, taken: Step, rows: list[Row]) -> list[Row]:
        """Return what of an event's outputs is to be sent.

        Raise Fork when this release published something of it that it does not decide now, or when
        another one published something of another event under its number.
        """
        applied = applied_by(account_id, taken)
        if applied is None:
            return rows
        published = self._events.pop((account_id, applied.sequence), None)
        if self._since_ms:
            rows = [row for row in rows if not self._is_cut(row)]
        if published is None:
            self.missing += len(rows)
            return rows
        try:
            missing = published.missing(rows, chain=applied.chain)
        except Fork as fork:
            what = f"event {applied.sequence} of {account_id} is decided otherwise than published"
            raise Fork(f"{what}; {fork}") from None
        self._note_differing(account_id, applied.sequence, published, rows=rows)
        self.already += len(published)
        self.missing += len(missing)
        return missing

    def drop(self, account_id: str, taken: Step) -> None:
        """Forget what is published of an event that another release was to publish."""
        applied = applied_by(account_id, taken)
        if applied is not None:
            self._events.pop((account_id, applied.sequence), None)

    def settle(self, offset: int, account_of: Callable[[str], Account | None]) -> None:
        """Forget what came before the state, once the log was read as far as it was decided.

        What remains belongs to events that the log does not have (any more): the first event that
        takes such a number is a fork.
        """
        if offset < self._until:
            return
        self._letters.clear()
        for account_id, sequence in list(self._events):
            account = account_of(account_id)
            if account is None or sequence <= account.applied.sequence:
                del self._events[account_id, sequence]
        logger.info(
            "Decided again: %d outputs were there already, %d were not", self.already, self.missing
        )
        if self._events:
            logger.error("Outputs of %d events are published that the log lacks", len(self._events))
            self._until = 2**63

    def take_differing(self) -> int:
        """Return how many outputs of other releases differed since this was asked."""
        differing, self.differing = self.differing, 0
        return differing

    def _is_cut(self, row: Row) -> bool:
        """Whether an output is one of those before the ones that were read, so it is there.

        Within the time that a broker's clock may go back when another leads, rather send it twice.
        """
        since_ms = self._since_ms.get(row.topic)
        return since_ms is not None and head_of(row.value).at_ms < since_ms - CLOCKS_MS_MAX

    def _note_differing(
        self, account_id: str, sequence: int, published: PublishedEvent, *, rows: list[Row]
    ) -> None:
        """Count what another release decided otherwise; one sentence for each account."""
        differing = published.differing(rows)
        self.differing += len(differing)
        if differing and account_id not in self._differing_accounts:
            self._differing_accounts.add(account_id)
            logger.warning(
                "Event %d of account %s was decided otherwise by rules_version %s, and what that "
                "release published stands: compare the account's working orders and positions with "
                "its account_states row",
                sequence,
                account_id,
                differing[0].head.rules_version,
            )

    def _add(self, output: Output) -> None:
        value = output.value or b""
        if output.topic == self._dead_letters:
            self._letters.add(digest_of(value))
            return
        try:
            head = head_of(value)
        except msgspec.DecodeError:
            logger.warning("A record of %s is none of riskgate's", output.topic)
            return
        if output.topic in self._cut:
            self._since_ms.setdefault(output.topic, head.at_ms)
        event = self._events.setdefault((head.account_id, head.sequence), PublishedEvent())
        event.add(output, head, rules_version=self._rules_version)
