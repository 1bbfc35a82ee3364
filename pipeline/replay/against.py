"""Decide recorded history twice, under its own limits and under others, and compare the outcomes.

The other limits replace those of `*` from the first event to the last. Recorded documents of single
accounts still override them.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.replay.files import document_of, in_time_order, recorded_lines
from pipeline.replay.machine import Line, Machine
from pipeline.replay.memory import MemoryStore
from pipeline.replay.otherwise import Otherwise, merged
from pipeline.replay.recorded import Log, Recorded, recorded, recorded_logs, start_of
from pipeline.risk.account.documents import Document
from pipeline.risk.limits.document import canonical
from pipeline.risk.structs import replace
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from topics.codec import DecodeError, decode, encode
from topics.controls import TOPIC as CONTROLS
from topics.controls import Control
from topics.events import ControlEvent, Event, LimitsEvent
from topics.fields import EVERYONE
from topics.instruments import TOPIC as INSTRUMENTS
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.prices import TOPIC as PRICES
from topics.prices import Price

__all__ = ["file_against", "log_against"]

VERSION = 1


def file_against(lines: Iterable[bytes], against: Path, *, limits: Path | None = None) -> Otherwise:
    """Compare a file of inputs under two limits; `limits` applies until the history sets its own.

    Raise StartupError when a file is invalid.
    """
    other = document_of(against)
    first = None if limits is None else document_of(limits)
    run = _FileRun()
    for number, line in enumerate(in_time_order(recorded_lines(lines))):
        if number == 0:
            run.begin(first, other, at_ms=line.timestamp_ms)
        run.feed(line)
    run.finish()
    return merged([run.found])


class _FileRun:
    """Two machines that decide the same lines."""

    def __init__(self) -> None:
        self.found = found = Otherwise()
        settings = Settings.from_environment()
        self._market = Tables(settings)
        self._history = Machine(
            settings, observe=lambda event, step, _: found.take("history", event, step)
        )
        self._against = Machine(
            settings, observe=lambda event, step, _: found.take("against", event, step)
        )

    def begin(self, first: LimitsDocument | None, other: LimitsDocument, *, at_ms: int) -> None:
        """Put the limits of both runs in force before the first line."""
        if first is not None:
            self._history.begin(first, at_ms=at_ms)
        self._against.begin(other, at_ms=at_ms)

    def feed(self, line: Line) -> None:
        """Apply a line, and the revaluations due before it, to both runs and compare them."""
        at_ms = line.timestamp_ms
        self._history.advance(at_ms)
        self._against.advance(at_ms)
        self.found.compare()
        self._apply_to_marks(line)
        self._history.feed(line)
        if line.topic != "limits" or line.key != EVERYONE.encode():
            self._against.feed(self._translated(line))
        self.found.compare()

    def finish(self) -> None:
        """Apply what is due at the last line's time and compare once more."""
        self._history.finish()
        self._against.finish()
        self.found.compare()

    def _translated(self, line: Line) -> Line:
        if line.topic != CONTROLS.name or line.value is None:
            return line
        try:
            control = decode(CONTROLS, line.value)
        except DecodeError:
            return line
        assert isinstance(control, Control)
        translated = _translated(control, self.found)
        return line if translated is control else line._replace(value=encode(translated))

    def _apply_to_marks(self, line: Line) -> None:
        """Apply a price or an instrument to the marks at which differences are valued."""
        topic = {PRICES.name: PRICES, INSTRUMENTS.name: INSTRUMENTS}.get(line.topic)
        if topic is None or line.value is None:
            return
        try:
            message = decode(topic, line.value)
        except DecodeError:
            return
        marks, at_ms = self.found.marks, line.timestamp_ms
        if isinstance(message, Instrument):
            marks.take(message, None, at_ms)
        elif isinstance(message, Price):
            offset = line.offset or 0
            if self._market.apply_price(message, offset=offset, appended_ms=at_ms):
                marks.take(None, self._market.quote(message.symbol), at_ms)


def log_against(settings: Settings, against: Path) -> Otherwise:
    """Compare the log in Kafka under its own limits and under others."""
    other = Document(VERSION, canonical(document_of(against).rules))
    broker = Broker(settings)
    with broker.sentences():
        return merged([_partition(broker, log, other) for log in recorded_logs(broker)])


def _partition(broker: Broker, log: Log, other: Document) -> Otherwise:
    found = Otherwise()
    if log.events.begin >= log.events.end:
        return found
    stores = MemoryStore(), MemoryStore()
    start, _ = (start_of(broker, log, store=store) for store in stores)
    history, judged = (_accounts(store, log) for store in stores)
    judged.shared = replace(judged.shared, limits=other)
    for each in recorded(broker, log, start):
        if each.event is not None:
            compare_event(found, each, each.event, accounts=(history, judged))
    return found


def compare_event(
    found: Otherwise,
    each: Recorded,
    event: Event,
    *,
    accounts: tuple[PartitionAccounts, PartitionAccounts],
) -> None:
    """Apply one event of the log to both runs and compare their outcomes."""
    history, judged = accounts
    found.marks.take_all(event, each.at_ms)
    found.take("history", event, history.apply(event, each.content, each.at_ms))
    if isinstance(event, LimitsEvent) and event.account_id == EVERYONE:
        return
    if isinstance(event, ControlEvent):
        event = replace(event, body=_translated(event.body, found))
    found.take("against", event, judged.apply(event, each.content, each.at_ms))
    found.compare()


def _accounts(store: MemoryStore, log: Log) -> PartitionAccounts:
    return PartitionAccounts(
        store,
        partition=log.events.partition,
        rules_version=rules_version(),
        kept_max=sys.maxsize,
    )


def _translated(control: Control, found: Otherwise) -> Control:
    """Return a resume with the stop_id that the other run gave to the same stop.

    A stop_id contains the sequence, which may differ between the runs.
    """
    if control.command != "resume" or control.stop_id is None or control.account_id == EVERYONE:
        return control
    stop_id = found.resumed(control.account_id, control.stop_id)
    return control if stop_id == control.stop_id else replace(control, stop_id=stop_id)
