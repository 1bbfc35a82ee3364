"""Who changed which limit when: every document of the log, and what it changed."""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output
from pipeline.risk.account.documents import Document
from pipeline.risk.limits.taking import next_document, without_ended
from topics.codec import decode, decode_plain
from topics.fields import EVERYONE, DecodeError
from topics.limits import TOPIC, LimitsDocument

__all__ = ["LimitsChange", "limits_changes"]

# What `riskgate budgets` publishes; a person may do so as well.
ALLOWANCES = {
    (rule, parameter)
    for rule, amount in (("gross_exposure", "gross_exposure_max"), ("daily_loss", "daily_loss_max"))
    for parameter in ("enabled", amount)
}


class LimitsChange(NamedTuple):
    """One document; the rules below and at it, before and after, as risk stores them."""

    output: Output
    document: LimitsDocument
    refused: str | None  # Why risk took no notice of it.
    waits: bool  # It is a proposal, which changes nothing yet.
    before: tuple[str, str]  # Rules of `*`, own rules; of a `*` document the latter are empty.
    after: tuple[str, str]
    versions: tuple[int, int]  # Of `*` and of the account, before it.

    def is_allowance(self) -> bool:
        """Whether it changed nothing but what budgets give to accounts."""
        old, new = (
            decode_plain(rules) for rules in (self._own(self.before), self._own(self.after))
        )
        changed = {
            (rule, parameter)
            for rule in {*old, *new}
            for parameter in {*old.get(rule, {}), *new.get(rule, {})}
            if old.get(rule, {}).get(parameter) != new.get(rule, {}).get(parameter)
        }
        return bool(changed) and changed <= ALLOWANCES

    def _own(self, rules: tuple[str, str]) -> str:
        return rules[0] if self.document.account_id == EVERYONE else rules[1]


def limits_changes(reader: OutputReader) -> Iterator[LimitsChange]:
    """Yield every document in the order in which risk applies them, the oldest first."""
    held: dict[str, Document] = {}
    for output, document in sorted(_documents(reader), key=lambda each: each[0].at_ms):
        name, at_ms = document.account_id, output.at_ms
        everyone = without_ended(held.get(EVERYONE, Document()), at_ms)[0]
        own = everyone if name == EVERYONE else without_ended(held.get(name, Document()), at_ms)[0]
        below = "{}" if name == EVERYONE else everyone.in_force
        taken = next_document(own, document, below=below, now_ms=at_ms)
        if taken.document is None and taken.reported is None:
            continue  # It came twice.
        new = held[name] = taken.document or own
        yield LimitsChange(
            output,
            document,
            refused=taken.reported if taken.document is None else None,
            waits=taken.document is not None and taken.reported is not None,
            before=_rules(name, everyone, own),
            after=_rules(name, new if name == EVERYONE else everyone, new),
            versions=(everyone.version, 0 if name == EVERYONE else own.version),
        )


def _rules(name: str, everyone: Document, own: Document) -> tuple[str, str]:
    return everyone.in_force, "{}" if name == EVERYONE else own.in_force


def _documents(reader: OutputReader) -> Iterator[tuple[Output, LimitsDocument]]:
    for output in reader.read(TOPIC.name):
        try:
            document = decode(TOPIC, output.value)
        except DecodeError:
            continue  # Ingest made it a dead letter; it never took effect.
        if isinstance(document, LimitsDocument) and document.account_id == output.account_id:
            yield output, document
