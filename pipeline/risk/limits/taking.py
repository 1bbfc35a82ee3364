"""Whether a published document takes effect, and the report of defects of the one in force."""

from pipeline.risk.account.account import Document
from pipeline.risk.account.cause import Cause
from pipeline.risk.limits.document import LimitsError, canonical, validate
from topics.codec import decode_plain
from topics.limits import LimitsDocument


def next_document(
    held: Document, document: LimitsDocument, *, below: str
) -> tuple[Document | None, str | None]:
    """Return the document that takes effect, or why it is refused; neither if it is unchanged.

    below: the canonical rules of `*` for an account's document, none for that of `*`.
    """
    try:
        rules = canonical(document.rules)
        if document.version == held.version and rules == held.rules:
            return None, None
        validate(document.rules, decode_plain(below))
    except (LimitsError, TypeError) as error:
        return None, f"version {document.version} is refused: {error}"
    if document.version <= held.version:
        return None, f"version {document.version} is refused: {held.version} is in force"
    return Document(document.version, rules), None


def unreported_defects(defects: tuple[str, ...], *, reported: str, judged: str) -> Cause | None:
    """Return the cause of an alert about a document's defects, unless it was already reported."""
    if not defects or reported == judged:
        return None
    return Cause("limits", f"version {judged.partition(' ')[0]}: {'; '.join(defects)}")
