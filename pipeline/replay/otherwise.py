"""Comparison of two runs of one history: under its own limits and under others.

Both runs see the recorded fills: how an order would have changed the position afterwards is not
simulated. A resume lifts the stop of the same rule in the other run, whatever its stop_id.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pipeline.replay.later_marks import Difference, LaterMarks
from pipeline.replay.outcomes import NOTHING, Outcome, Question, outcomes_of
from pipeline.risk.numbers import ZERO
from pipeline.risk.step import Step
from topics.decisions import Decision, Stop
from topics.events import Event

__all__ = ["Otherwise", "Run", "Total", "merged", "totals"]

Run = Literal["history", "against"]
Answers = dict[tuple[str, Question], Outcome]  # By account.


class Total(Struct, kw_only=True):
    """The differences of one account under one rule, in one currency."""

    account_id: str
    rule: str
    currency: str | None
    stricter: int = 0  # Smaller orders, and stops that history did not have.
    looser: int = 0
    pnl: Decimal = ZERO
    unvalued: int = 0  # Without a price or a mark.


class Otherwise:
    """Collect what both runs decide at the same time, then `compare`."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.compared = 0  # Questions that at least one run answered.
        self.marks = LaterMarks()
        # Of decisions by verdict, and of stops as `stopped`, by account.
        self.counts: dict[Run, Counter[tuple[str, str]]] = {
            "history": Counter(),
            "against": Counter(),
        }
        self._answers: dict[Run, Answers] = {"history": {}, "against": {}}
        self._at_ms: dict[tuple[str, Question], int] = {}  # When the first of both answered.
        self._stops: dict[Run, dict[tuple[str, str], str]] = {"history": {}, "against": {}}
        self._exits: dict[Run, dict[tuple[str, Question], Decimal]] = {"history": {}, "against": {}}

    def take(self, run: Run, event: Event, step: Step) -> None:
        """Collect what a run decided at an event."""
        account_id = event.account_id
        at_ms = 0 if step.account is None else step.account.applied.clock_ms
        for output in step.outputs:
            if isinstance(output, Stop) and output.status == "triggered":
                self._stops[run][account_id, output.rule] = output.stop_id
                self.counts[run][account_id, "stopped"] += 1
            elif isinstance(output, Decision):
                self.counts[run][account_id, output.verdict] += 1
        for question, outcome in outcomes_of(step).items():
            key = account_id, question
            if question.kind == "exit" and self._exits[run].get(key) == outcome.quantity:
                continue  # A repeated exit: it was sent again because history never filled it.
            if question.kind == "exit":
                self._exits[run][key] = outcome.quantity
            self._answers[run][key] = outcome
            self._at_ms.setdefault(key, at_ms)

    def total(self, word: str, account_id: str | None = None) -> tuple[int, int]:
        """Return how often something happened in both runs, of one account or of all."""
        was, would_be = (
            sum(
                number
                for (name, found), number in self.counts[run].items()
                if found == word and account_id in {None, name}
            )
            for run in ("history", "against")
        )
        return was, would_be

    def compare(self) -> None:
        """Record the answers since the last comparison in which the runs differ."""
        was, would_be = self._answers["history"], self._answers["against"]
        for account_id, question in was | would_be:
            key = account_id, question
            self.compared += 1
            before, after = was.get(key, NOTHING), would_be.get(key, NOTHING)
            if _is_otherwise(question.kind, before, after):
                self._keep(_difference(key, before, after, at_ms=self._at_ms[key]))
        was.clear()
        would_be.clear()
        self._at_ms.clear()

    def resumed(self, account_id: str, stop_id: str) -> str:
        """Return the other run's stop_id for the stop that a recorded resume names."""
        for key, known in self._stops["history"].items():
            if known == stop_id and key[0] == account_id:
                return self._stops["against"].get(key, stop_id)
        return stop_id

    def _keep(self, difference: Difference) -> None:
        self.differences.append(difference)
        if difference.symbol:
            self.marks.await_mark(difference)


def _is_otherwise(kind: str, was: Outcome, would_be: Outcome) -> bool:
    """Whether two answers differ; for a decision only the quantity counts, not its reasons."""
    return was.quantity != would_be.quantity or (
        kind != "decision" and was.verdict != would_be.verdict
    )


def _difference(
    key: tuple[str, Question], was: Outcome, would_be: Outcome, *, at_ms: int
) -> Difference:
    account_id, question = key
    difference = Difference(
        at_ms=at_ms,
        account_id=account_id,
        kind=question.kind,
        name=question.name,
        symbol=question.symbol,
        was=was,
        would_be=would_be,
    )
    stricter = would_be if difference.is_stricter else was
    difference.rule = stricter.rule or was.rule or would_be.rule or "none"
    return difference


def totals(differences: list[Difference]) -> list[Total]:
    """Sum differences by account, rule and currency, in the order of these names."""
    found: dict[tuple[str, str, str], Total] = {}
    for each in differences:
        key = each.account_id, each.rule, each.currency or ""
        total = found.setdefault(
            key, Total(account_id=each.account_id, rule=each.rule, currency=each.currency)
        )
        if each.is_stricter:
            total.stricter += 1
        else:
            total.looser += 1
        if each.pnl is not None:
            total.pnl += each.pnl
        elif each.symbol:
            total.unvalued += 1
    return [found[key] for key in sorted(found)]


def merged(parts: Iterable[Otherwise]) -> Otherwise:
    """Merge the results of several partitions in order of time."""
    whole = Otherwise()
    for part in parts:
        part.marks.finish()
        whole.compared += part.compared
        whole.differences += part.differences
        for run, counts in part.counts.items():
            whole.counts[run].update(counts)
    whole.differences.sort(key=lambda each: (each.at_ms, each.account_id, each.kind, each.name))
    return whole
