"""Write the closed days of the log in Kafka, with what was decided, into a folder.

A day is closed when it is over for an hour and risk has decided all its events. Days follow each
other without a gap: what Kafka deleted before it was archived is said, never left out.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec
from confluent_kafka import Message

from pipeline.archive.lines import Archived, write_lines
from pipeline.archive.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    day_of,
    days_of,
    digest_of,
    end_ms,
    file_name,
    read_manifest,
)
from pipeline.errors import StartupError
from pipeline.replay.comparison import Span
from pipeline.replay.recorded import Log, recorded_logs
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.read_to_end import operator_reader
from pipeline.streams.settings import Settings

__all__ = ["ARCHIVED", "write_days"]

# Not account_states: the topic keeps the newest rows only, and deciding the log again gives them.
ARCHIVED = ("events", "decisions", "emergency_stops", "alerts", "dead_letters", "snapshots")
CLOSED_AFTER_MS = 3_600_000  # Clocks differ, and outputs come after their events.


class _Head(msgspec.Struct):
    at_ms: int = 0


_HEADS = msgspec.json.Decoder(_Head)


def write_days(
    settings: Settings, folder: Path, *, now_ms: int, sign: Callable[[Path], None] | None = None
) -> Iterator[str]:
    """Archive every closed day that the folder lacks; yield each day once it is written.

    sign: called with the folder of a day that has its manifest and is not yet in its place.
    Raise StartupError when Kafka no longer holds what comes next, or risk has not decided it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = days_of(folder)
    before = read_manifest(folder, known[-1]) if known else None
    broker = Broker(settings)
    with broker.sentences():
        logs = recorded_logs(broker)
        day = _first_day(broker, logs) if before is None else _next(before)
        while end_ms(day) + CLOSED_AFTER_MS <= now_ms:
            before = _write_day(broker, logs, folder, day=day, before=before, sign=sign)
            yield before.day
            day += timedelta(days=1)


def _next(before: Manifest) -> date:
    return date.fromisoformat(before.day) + timedelta(days=1)


def _first_day(broker: Broker, logs: list[Log]) -> date:
    """Return the first day of which nothing was deleted."""
    firsts = [at_ms for log in logs if (at_ms := _time_of(broker, log.events)) is not None]
    day = day_of(min(firsts))  # recorded_logs has found that there is an event.
    is_whole = not any(log.events.begin for log in logs)
    return day if is_whole else day + timedelta(days=1)


def _time_of(broker: Broker, events: Span) -> int | None:
    """Return the append time of the first event, None without any."""
    with closing(read(broker, events)) as records:
        return next((record.timestamp()[1] for record in records), None)


def _write_day(  # noqa: PLR0913
    broker: Broker,
    logs: list[Log],
    folder: Path,
    *,
    day: date,
    before: Manifest | None,
    sign: Callable[[Path], None] | None,
) -> Manifest:
    partial, final = folder / f".{day}", folder / str(day)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    files = []
    for log in logs:
        number = log.events.partition
        for what in _spans(broker, log):
            begin = None if before is None else before.entry(what.topic, number).end
            files.append(_write_file(broker, what, partial, day=day, begin=begin))
        _require_decided(broker, log, files[-len(ARCHIVED)], day=day)
    manifest = Manifest(
        day=str(day),
        previous="" if before is None else digest_of(folder / before.day / MANIFEST),
        release=version("riskgate-kafka"),
        partitions=len(logs),
        files=tuple(files),
    )
    (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    if sign is not None:
        sign(partial)
    partial.rename(final)
    return manifest


def _spans(broker: Broker, log: Log) -> Iterator[Span]:
    """Yield what Kafka holds of each archived topic of a partition; events first."""
    yield log.events
    with closing(operator_reader(broker)) as consumer:
        for topic in ARCHIVED[1:]:
            yield span(broker, consumer, topic, log.events.partition)


def _write_file(  # noqa: PLR0913
    broker: Broker, what: Span, folder: Path, *, day: date, begin: int | None
) -> FileEntry:
    """Write the records of a day; begin: where the day before ended."""
    if begin is not None and begin < what.begin:
        raise StartupError(
            f"{what.topic} no longer holds offsets {begin} to {what.begin - 1} of partition "
            f"{what.partition}, which come next in the archive: retention deleted them; begin "
            "another archive in an empty folder, and archive more often than topics are kept"
        )
    name = file_name(what.topic, what.partition)
    records = _Records(what if begin is None else what._replace(begin=begin), day)
    count = write_lines(folder / name, records.read(broker, is_first=begin is None))
    return FileEntry(
        name=name,
        topic=what.topic,
        partition=what.partition,
        begin=records.begin,
        end=records.end,
        records=count,
        sha256=digest_of(folder / name),
    )


class _Records:
    """The records of one day in a partition, and the offsets that they turn out to have."""

    def __init__(self, what: Span, day: date) -> None:
        self.begin = self.end = what.begin
        self._what = what
        self._day = day

    def read(self, broker: Broker, *, is_first: bool) -> Iterator[Archived]:
        """Yield the records; is_first: those of earlier days come before, and are skipped."""
        earliest_ms = end_ms(self._day - timedelta(days=1)) if is_first else 0
        with closing(read(broker, self._what)) as found:
            for record in found:
                offset, value = record.offset() or 0, to_bytes(record.value() or b"")
                at_ms = _at_ms(self._what.topic, record, value)
                if at_ms >= end_ms(self._day):
                    return
                self.end = offset + 1
                if at_ms < earliest_ms:
                    self.begin = self.end
                    continue
                key = to_bytes(record.key() or b"").decode(errors="backslashreplace")
                stamp_ms = record.timestamp()[1]
                topic, partition = self._what.topic, self._what.partition
                yield Archived(topic, partition, offset, key, stamp_ms, value)


def _at_ms(topic: str, record: Message, value: bytes) -> int:
    """Return the time that puts a record into its day: that of the event that it answers."""
    stamp_ms: int = record.timestamp()[1]
    if topic == "events":
        return stamp_ms
    try:
        return _HEADS.decode(value).at_ms or stamp_ms
    except msgspec.DecodeError:
        return stamp_ms


def _require_decided(broker: Broker, log: Log, written: FileEntry, *, day: date) -> None:
    """Raise StartupError when events of the day may follow that risk has not decided yet."""
    with closing(operator_reader(broker)) as consumer:
        newest = span(broker, consumer, "events", log.events.partition)
    if written.end < log.events.end or newest.end == log.events.end:
        return
    at_ms = _time_of(broker, newest._replace(begin=log.events.end))
    if at_ms is not None and at_ms < end_ms(day):
        raise StartupError(
            f"risk has not decided all events of {day} in partition {log.events.partition}; "
            "archive it once riskgate health is good"
        )
