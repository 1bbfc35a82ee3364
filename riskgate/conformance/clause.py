"""What a clause is, and what several of them need.

A clause yields what its engine did wrong, in sentences without the clause itself. Venues may reject
orders or cut them short, so what must trade is asked for several times.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from riskgate.conformance.play import Play
from topics.decisions import Decision

__all__ = ["Clause", "UndecidedError", "chapter", "none_trades", "three", "trades"]

Script: TypeAlias = Callable[[Play], Iterator[str]]


class UndecidedError(Exception):
    """The venue did not let the clause be seen; says why."""


class Clause(NamedTuple):
    """One clause: the rule's number on the page, and what the engine must do."""

    name: str
    rule: int
    must: str
    script: Script


def chapter(clauses: list[Clause]) -> Callable[[int, str], Callable[[Script], Script]]:
    """Return the decorator that makes a script a clause, named as it is, and adds it to a list."""

    def clause(rule: int, must: str) -> Callable[[Script], Script]:
        def add(script: Script) -> Script:
            name = script.__name__.removeprefix("_").replace("_", "-")
            clauses.append(Clause(name, rule, must, script))
            return script

        return add

    return clause


def three(play: Play, verdict: str = "approved") -> list[Decision]:
    """Return three approvals."""
    return [play.approval(sequence, verdict=verdict) for sequence in (11, 12, 13)]


def none_trades(play: Play, messages: list[Decision], when: str) -> Iterator[str]:
    """Complain if none of several approvals that must trade did."""
    if not any(play.fills(message) for message in messages):
        found = ", ".join(play.final_status(message) or "no answer" for message in messages)
        yield f"none of {len(messages)} approvals {when} was filled ({found})"


def trades(play: Play, message: Decision, when: str) -> Iterator[str]:
    """Complain if an approval that must not trade did."""
    if play.fills(message):
        yield f"an approval {when} was filled"
