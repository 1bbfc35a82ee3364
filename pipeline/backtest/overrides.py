"""Parameters that a what-if sets: merged over every limits document of the history."""

from pipeline.errors import StartupError
from pipeline.risk.account.documents import Document, Rules, merge
from pipeline.risk.limits.document import LimitsError, canonical, faults_of, validate
from pipeline.risk.structs import replace
from topics.codec import decode_plain
from topics.fields import EVERYONE
from topics.limits import LimitsDocument

__all__ = ["Overrides"]


class Overrides:
    """Values of parameters by rule, for every account and all the time."""

    def __init__(self, rules: Rules) -> None:
        """Raise StartupError when a rule, a parameter or a value does not exist."""
        error = LimitsError(faults_of(rules))
        if error.faults:
            text = "; ".join(str(fault).removeprefix("rules.") for fault in error.faults)
            raise StartupError(f"--set {text}")
        self.rules = rules
        self._everyone: Rules = {}  # The newest document of `*`, merged: what accounts' lie on.

    def merged(self, document: LimitsDocument) -> Rules:
        """Return a document's rules with the parameters set.

        Raise StartupError when risk would refuse them although it took the document as it was.
        """
        rules = merge(document.rules, self.rules)
        below = {} if document.account_id == EVERYONE else self._everyone
        problem = _problem(rules, below)
        if problem is not None and _problem(document.rules, below) is None:
            raise StartupError(
                f"--set does not fit version {document.version} of the limits of "
                f"{document.account_id}: {problem}"
            )
        if document.account_id == EVERYONE and document.duration_ms is None:
            self._everyone = rules
        return rules

    def over(self, document: Document) -> Document:
        """Return the limits that an account, or `*`, begins with, with the parameters set."""
        proposed = document.proposed
        if proposed is not None:
            proposed = replace(proposed, rules=self._text(proposed.rules))
        return replace(
            document,
            rules=self._text(document.rules),
            temporary=tuple(
                replace(each, rules=self._text(each.rules)) for each in document.temporary
            ),
            proposed=proposed,
        )

    def _text(self, rules: str) -> str:
        return canonical(merge(decode_plain(rules), self.rules))


def _problem(rules: Rules, below: Rules) -> LimitsError | None:
    try:
        validate(rules, below)
    except LimitsError as error:
        return error
    return None
