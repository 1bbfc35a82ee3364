"""Whether a published document takes effect, and the report of defects of the one in force."""

from typing import NamedTuple

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.documents import (
    TEMPORARY_MAX,
    Document,
    Proposal,
    Temporary,
    still_valid,
)
from pipeline.risk.limits.document import LimitsError, canonical, validate
from pipeline.risk.limits.in_force import limits_of
from topics.codec import decode_plain
from topics.limits import LimitsDocument


class Taken(NamedTuple):
    """What a published document leads to; nothing at all if it changes nothing."""

    document: Document | None = None  # None: what was in force stays.
    reported: str | None = None  # Why it is refused, or what it waits for.


class _RefusedError(Exception):
    """A document that does not take effect; its text says why."""


def next_document(held: Document, document: LimitsDocument, *, below: str, now_ms: int) -> Taken:
    """Return what follows from a published document.

    below: the rules of `*` in force for an account's document, none for that of `*`; now_ms: the
    time of the log, from which temporary limits count.
    """
    try:
        rules = canonical(document.rules)
        if _is_known(held, document, rules):
            return Taken()
        _check(held, document, below=below)
        if document.approval == "propose":
            return _propose(held, document, rules)
        _check_authors(held, document, rules, below=below)
        return Taken(_put_in_force(held, document, rules, now_ms=now_ms))
    except (LimitsError, TypeError, _RefusedError) as error:
        return Taken(reported=f"version {document.version} is refused: {error}")


def without_ended(held: Document, now_ms: int) -> tuple[Document, str | None]:
    """Drop temporary limits whose time is over; return a sentence about them, if there are any."""
    ends_ms = held.ends_ms
    if ends_ms is None or now_ms < ends_ms:
        return held, None
    left = still_valid(held.temporary, now_ms)
    ended = ", ".join(str(item.version) for item in held.temporary if item.ends_ms <= now_ms)
    return replace(held, temporary=left), f"version {ended} has ended: its time is over"


def _is_known(held: Document, document: LimitsDocument, rules: str) -> bool:
    """Whether the same document came before."""
    proposed = held.proposed
    if document.approval == "propose":
        return proposed == Proposal(document.version, rules, document.author, document.duration_ms)
    if document.version != held.version:
        return False
    if document.duration_ms is None:
        return rules == held.rules
    return any((item.version, item.rules) == (held.version, rules) for item in held.temporary)


def _check(held: Document, document: LimitsDocument, *, below: str) -> None:
    expected = document.expect_version
    if expected is not None and expected != held.version:
        raise _RefusedError(f"it expects version {expected}, but {held.version} is in force")
    under = decode_plain(below)
    if document.duration_ms is not None:
        if "account" in document.rules:
            raise _RefusedError("parameters of account cannot be temporary")
        if len(held.temporary) >= TEMPORARY_MAX and document.rules:
            raise _RefusedError("too many temporary limits are in force")
        under = decode_plain(_over(below, held.in_force))
    validate(document.rules, under)
    if document.version <= held.version:
        raise _RefusedError(f"{held.version} is in force")


def _over(below: str, rules: str) -> str:
    return Document(rules=below, temporary=(Temporary(0, rules, 0),)).in_force


def _propose(held: Document, document: LimitsDocument, rules: str) -> Taken:
    proposal = Proposal(document.version, rules, document.author, document.duration_ms)
    author = document.author
    waiting = f"version {document.version} waits for the approval of another author than {author}"
    return Taken(replace(held, proposed=proposal), waiting)


def _check_authors(held: Document, document: LimitsDocument, rules: str, *, below: str) -> None:
    """Raise _RefusedError unless as many authors stand behind a document as the limits ask for."""
    if document.approval is None:
        if limits_of(below, held.in_force).approvals.second_author:
            raise _RefusedError("approvals.second_author asks for a proposal and another author")
        return
    proposed = held.proposed
    if proposed is None or proposed.version != document.version:
        raise _RefusedError("it was not proposed")
    if (proposed.rules, proposed.duration_ms) != (rules, document.duration_ms):
        raise _RefusedError("it differs from what was proposed")
    if is_same_person(proposed.author, document.author):
        raise _RefusedError(f"{proposed.author} proposed it, so another author must approve it")


def is_same_person(one: str, other: str) -> bool:
    """Whether two names of authors differ in case or blanks at most."""
    return one.strip().casefold() == other.strip().casefold()


def _put_in_force(held: Document, document: LimitsDocument, rules: str, *, now_ms: int) -> Document:
    proposed = held.proposed
    if proposed is not None and proposed.version <= document.version:
        proposed = None
    if document.duration_ms is None:
        return Document(document.version, rules, held.temporary, proposed)
    temporary: tuple[Temporary, ...] = ()
    if document.rules:
        added = Temporary(document.version, rules, now_ms + document.duration_ms)
        temporary = (*held.temporary, added)
    return Document(document.version, held.rules, temporary, proposed)


def unreported_defects(defects: tuple[str, ...], *, reported: str, judged: str) -> Cause | None:
    """Return the cause of an alert about a document's defects, unless it was already reported."""
    if not defects or reported == judged:
        return None
    return Cause("limits", f"version {judged.partition(' ')[0]}: {'; '.join(defects)}")
