"""Lists of records, newest first, or live: what alerts, dead letters and decisions share."""

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from msgspec import Struct

from pipeline.cli.reading import now_ms, open_reader, warn_of_forks
from pipeline.cli.tables import Column, say_fitted
from pipeline.cli.terminal import say
from pipeline.outputs.record import Output, Period, message_of
from topics.fields import DecodeError

__all__ = ["Listing", "newest", "show"]


T = TypeVar("T", bound=tuple[Output, Struct])
SayRow = Callable[[Output, Struct], None]


class Listing(NamedTuple):
    """Which records to list and how they read."""

    topic: str
    columns: tuple[Column, ...]
    cells: Callable[[Output, Struct, int], tuple[str, ...]]
    wanted: Callable[[Struct], bool]
    period: Period
    account: str | None
    most: int


def show(listing: Listing, *, follow: bool, as_json: bool, say_row: SayRow | None = None) -> None:
    """Print the newest records of a period, newest first, or go on with what comes.

    say_row: prints one record in another form than a row of the table.
    """
    if follow:
        _follow(listing, as_json=as_json, say_row=say_row)
        return
    reader = open_reader()
    records = reader.read(listing.topic, period=listing.period, account=listing.account)
    found, total = newest(_decoded(records, listing), listing.most)
    if as_json:
        for output, _ in found:
            say(output.value.decode())
    elif say_row is not None:
        for output, message in found:
            say_row(output, message)
    else:
        now = now_ms()
        say_fitted(listing.columns, [listing.cells(*each, now) for each in found])
        say(f"{len(found)} of {total}{'; --max shows more' if total > len(found) else ''}.")
    warn_of_forks(reader.forks)


def _follow(listing: Listing, *, as_json: bool, say_row: SayRow | None) -> None:
    records = open_reader().follow(listing.topic, period=listing.period, account=listing.account)
    widths = [len(column.name) for column in listing.columns]
    for output, message in _decoded(records, listing):
        if as_json:
            say(output.value.decode())
            continue
        if say_row is not None:
            say_row(output, message)
            continue
        cells = listing.cells(output, message, now_ms())
        # The width of later rows is not known, so columns only ever grow.
        widths = [max(width, len(cell)) for width, cell in zip(widths, cells, strict=True)]
        pairs = zip(cells, widths, strict=True)
        say("  ".join(cell.ljust(width) for cell, width in pairs).rstrip())


def _decoded(
    records: Iterator[Output | None] | Iterator[Output], listing: Listing
) -> Iterator[tuple[Output, Struct]]:
    for output in records:
        if output is None:
            continue
        try:
            message = message_of(output)
        except DecodeError as error:
            say(f"riskgate: {output.place} was not written by riskgate: {error}", err=True)
            continue
        if listing.wanted(message):
            yield output, message


def newest(records: Iterator[T], most: int) -> tuple[list[T], int]:
    """Return the newest records, newest first, and how many there were; bounded in memory.

    A record is a tuple that begins with its Output. Of one time, the later one of a partition is
    the newer one.
    """
    heap: list[tuple[int, int, T]] = []
    total = 0
    for total, record in enumerate(records, 1):
        entry = (record[0].at_ms, total, record)
        if len(heap) < most:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    return [record for _, _, record in sorted(heap, reverse=True)], total
