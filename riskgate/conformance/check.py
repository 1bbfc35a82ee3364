"""Play all clauses and collect what an engine breaks."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import uuid4

from riskgate.conformance.clause import Clause, UndecidedError
from riskgate.conformance.clauses import CLAUSES
from riskgate.conformance.play import Play, Terms
from riskgate.conformance.stage import Stage

__all__ = ["Finding", "check"]

ATTEMPTS = 3


class Finding(NamedTuple):
    """What became of one clause."""

    clause: Clause
    broken: tuple[str, ...] = ()  # Sentences; empty if it holds or was not seen.
    unseen: str = ""  # Why it could not be seen.


def check(stage: Stage, terms: Terms | None = None) -> Iterator[Finding]:
    """Play each clause with accounts of its own and yield its finding at once."""
    run = uuid4().hex[:8]
    for number, clause in enumerate(CLAUSES, start=1):
        plays = (
            Play(stage, terms or Terms(), f"check-{run}-{number:02d}-{attempt}")
            for attempt in range(ATTEMPTS)
        )
        yield _finding(clause, plays)


def _finding(clause: Clause, plays: Iterable[Play]) -> Finding:
    """Play a clause until it is decided: a venue may refuse an order now and then."""
    unseen = ""
    for play in plays:
        try:
            return Finding(clause, tuple(dict.fromkeys(clause.script(play))))
        except UndecidedError as error:
            unseen = str(error)
    return Finding(clause, unseen=unseen)
