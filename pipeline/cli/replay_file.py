"""`riskgate replay FILE`: its lines, and with options a what-if and a summary of it."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.cli.histories import STDIN, opened
from pipeline.cli.terminal import Screen, say

if TYPE_CHECKING:
    from pipeline.backtest.runs import Run
    from pipeline.backtest.summary import Summary
    from pipeline.replay.files import Out

__all__ = ["Wanted", "replay_file"]


class Wanted(NamedTuple):
    """What a replay of a file does beside printing its lines."""

    parameters: tuple[str, ...] = ()  # As typed: rule.parameter=value.
    json: Path | None = None  # Where the summary goes.
    out: Path | None = None  # Where the lines go; None: stdout.
    summary: bool = False


def replay_file(file: Path, limits: Path | None, wanted: Wanted) -> None:
    """Decide a file and write its lines, then the summary if it is wanted."""
    if not wanted.summary and not wanted.parameters:
        from pipeline.replay.files import replay_file as replay

        with opened(file) as given, _destination(wanted.out) as out:
            replay(given, out, limits=limits)
        return
    run, lines = _run(file, limits, wanted)
    from pipeline.replay.lines import encode_line

    with _destination(wanted.out) as out:
        for outputs in run.play(lines, limits=limits):
            out.writelines(encode_line(line) for line in outputs)
    if wanted.summary:
        _report(run.summary(), wanted.json)


def _run(file: Path, limits: Path | None, wanted: Wanted) -> "tuple[Run, Iterable[bytes]]":
    """Return the run, and its lines; a what-if reads them twice."""
    from pipeline.backtest.overrides import Overrides
    from pipeline.backtest.runs import Run, answers_of
    from pipeline.cli.limits_values import assigned

    if not wanted.parameters:
        return Run(), _lines(file)
    overrides = Overrides(assigned(list(wanted.parameters)))
    lines: Iterable[bytes] = list(_lines(file)) if file == STDIN else _lines(file)
    history, _ = answers_of(lines, limits)
    return Run(overrides, history), lines if file == STDIN else _lines(file)


def _lines(file: Path) -> Iterator[bytes]:
    with opened(file) as lines:
        yield from lines


@contextmanager
def _destination(out: Path | None) -> "Iterator[Out]":
    if out is None:
        yield Screen() if sys.stdout.isatty() else sys.stdout.buffer
        return
    from pipeline.replay.line_files import written

    with written(out) as file:
        yield file


def _report(summary: "Summary", json: Path | None) -> None:
    from pipeline.cli.summary_text import summary_lines
    from pipeline.replay.line_files import written
    from topics.codec import encode

    for line in summary_lines(summary):
        say(line, err=True)
    if json is not None:
        with written(json) as file:
            file.write(encode(summary) + b"\n")
