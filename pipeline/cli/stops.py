"""`riskgate stops`: what stopped accounts, how far they are, and who lifted it."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import (
    AsJson,
    Follow,
    MaybeFrom,
    To,
    is_json,
    now_ms,
    open_reader,
    period,
    warn_of_forks,
)
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.reader import OutputReader
    from pipeline.outputs.stops import StopView

FRAME_SECONDS = 1.0


def stops(
    account: Annotated[str | None, typer.Option(help="Only stops of this account.")] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only stops not lifted yet.")] = False,
    begin: MaybeFrom = None,
    end: To = None,
    follow: Follow = False,
    as_json: AsJson = None,
) -> None:
    """Show stops, newest first: rule, measured value, limit, age, progress, and who lifted it.

    --from and --to ask when a stop was opened; without them all are shown that Kafka still holds.
    """
    from pipeline.cli.stop_text import STOP_COLUMNS, stop_cells
    from pipeline.cli.tables import say_fitted, show_live
    from pipeline.outputs.accounts import read_rows
    from pipeline.outputs.stops import read_stops

    reader, within = open_reader(), period(begin, end)
    if follow:
        frames = _frames(reader, account, is_open=is_open)
        if is_json(as_json):
            _say_changes(frames)
        else:
            show_live(STOP_COLUMNS, ([stop_cells(each, now_ms()) for each in f] for f in frames))
        return
    found = read_stops(reader, read_rows(reader, account), account=account)
    shown = [stop for stop in found if stop.is_open or not is_open]
    if begin is not None or end is not None:
        shown = [stop for stop in shown if within.holds(stop.opened_at_ms or 0)]
    if is_json(as_json):
        _say_json(shown)
        return
    say_fitted(STOP_COLUMNS, [stop_cells(stop, now_ms()) for stop in shown])
    say(f"{len(shown)} stops, {sum(stop.is_open for stop in shown)} of them open.")
    warn_of_forks(reader.forks)


def _say_json(shown: "Iterable[StopView]") -> None:
    from topics.codec import encode

    for stop in shown:
        say(encode(stop).decode())


def _say_changes(frames: "Iterable[list[StopView]]") -> None:
    """Print each stop that is not as it was in the frame before."""
    from msgspec.structs import replace

    known: dict[tuple[str, str], StopView] = {}
    for frame in frames:
        changed = [each for each in frame if known.get((each.account_id, each.stop_id)) != each]
        _say_json(changed)
        known.update({(each.account_id, each.stop_id): replace(each) for each in changed})


def _frames(
    reader: "OutputReader", account: str | None, *, is_open: bool
) -> "Iterator[list[StopView]]":
    """Yield the stops about once a second."""
    from pipeline.outputs.accounts import read_rows
    from pipeline.outputs.stops import acknowledgements, stop_rows, stops_of

    mark = reader.mark("emergency_stops", "account_states", "controls", account=account)
    rows, due_s = read_rows(reader, account), time.monotonic()
    history = list(stop_rows(reader.read("emergency_stops", account=account)))
    given = list(acknowledgements(reader.read("controls", account=account)))
    for output in reader.follow_from(mark, account=account):
        if output is not None and output.topic == "account_states":
            rows.take(output)
        elif output is not None and output.topic == "controls":
            given.extend(acknowledgements([output]))
        elif output is not None:
            history.extend(stop_rows([output]))
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + FRAME_SECONDS
            yield [stop for stop in stops_of(history, rows, given) if stop.is_open or not is_open]
