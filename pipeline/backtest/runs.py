"""Runs of one history: as it was, and as it would have been with parameters set."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.backtest.answers import Answers
from pipeline.backtest.overrides import Overrides
from pipeline.backtest.summary import Summary, Watcher
from pipeline.backtest.what_if import WhatIf
from pipeline.replay.changes import UNCHANGED
from pipeline.replay.files import play
from pipeline.replay.machine import Line
from pipeline.risk.step import Step
from topics.events import Event

__all__ = ["Run", "answers_of"]


def answers_of(lines: Iterable[bytes], limits: Path | None = None) -> tuple[Answers, Summary]:
    """Decide a history as it was; return what a what-if needs of it, and its summary."""
    answers, watcher = Answers(), Watcher()

    def observe(event: Event, step: Step, at_ms: int) -> None:
        answers.observe(event, step, at_ms)
        watcher.observe(event, step, at_ms)

    for _ in play(lines, limits=limits, observe=observe):
        pass
    return answers, watcher.summary()


class Run:
    """One run. Without overrides it is history itself, and `history` is not needed."""

    def __init__(self, overrides: Overrides | None = None, history: Answers | None = None) -> None:
        self._watcher = Watcher()
        self._what_if = None if overrides is None else WhatIf(overrides, history or Answers())

    def play(self, lines: Iterable[bytes], *, limits: Path | None = None) -> Iterator[list[Line]]:
        """Decide the lines and yield the outputs of each."""
        changes = UNCHANGED if self._what_if is None else self._what_if
        return play(lines, limits=limits, observe=self._observe, changes=changes)

    def summary(self) -> Summary:
        """Return what was decided so far."""
        unfilled = 0 if self._what_if is None else self._what_if.unfilled
        return self._watcher.summary(unfilled_exits=unfilled)

    def _observe(self, event: Event, step: Step, at_ms: int) -> None:
        self._watcher.observe(event, step, at_ms)
        if self._what_if is not None:
            self._what_if.observe(event, step, at_ms)
