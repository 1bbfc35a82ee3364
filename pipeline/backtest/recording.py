"""The log in Kafka as a file that `riskgate replay` decides again: events, and where they begin.

It holds what risk has decided, one partition after the other, so that deciding the file gives what
deciding the log gives. Events that became dead letters are left out.
"""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pipeline.errors import NothingFoundError
from pipeline.replay.line_files import written
from pipeline.replay.lines import encode_log_line
from pipeline.replay.machine import Line
from pipeline.replay.memory import MemoryStore
from pipeline.replay.recorded import (
    Log,
    from_snapshots_before,
    recorded,
    recorded_logs,
    snapshot_records,
    start_of,
)
from pipeline.replay.starts import Start
from pipeline.replay.tapes import to_bytes
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.settings import Settings
from topics.events import TOPIC as EVENTS
from topics.fields import EVERYONE
from topics.snapshots import TOPIC as SNAPSHOTS

__all__ = ["Recording", "Stretch", "record"]


class Stretch(Struct, frozen=True, kw_only=True):
    """What to record."""

    from_ms: int | None = None  # None: from the first event on.
    to_ms: int | None = None  # None: up to the last one that risk has decided.
    accounts: frozenset[str] = frozenset()  # Empty: all of them.

    def has(self, account_id: str) -> bool:
        """Whether an account's records belong to it; those of `*` concern every account."""
        return not self.accounts or account_id in self.accounts or account_id == EVERYONE


class Recording(Struct, kw_only=True):
    """What was written."""

    events: int = 0
    accounts: set[str] = set()
    first_ms: int | None = None
    last_ms: int | None = None

    def count(self, line: Line, account_id: str) -> None:
        """Count an event."""
        at_ms = line.timestamp_ms
        self.events += 1
        self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
        self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)
        if account_id != EVERYONE:
            self.accounts.add(account_id)


def record(settings: Settings, file: Path, stretch: Stretch) -> Recording:
    """Write a stretch of the log. Raise NothingFoundError when it holds no event of an account."""
    broker, found = Broker(settings), Recording()
    with broker.sentences(), written(file) as out:
        for log in _logs(broker, stretch):
            start = start_of(broker, log, store=MemoryStore())
            if start is not None:
                out.writelines(map(encode_log_line, _snapshots(broker, log, start, stretch)))
            out.writelines(map(encode_log_line, _events(broker, log, start, stretch, found)))
        if not found.accounts:
            raise NothingFoundError(
                "The log holds no event of these accounts and this time, so nothing was recorded"
            )
    return found


def _logs(broker: Broker, stretch: Stretch) -> Iterator[Log]:
    logs = recorded_logs(broker)
    places = {partition_of(each, len(logs)) for each in stretch.accounts} or range(len(logs))
    for number in sorted(places):
        log = logs[number]
        if stretch.from_ms is not None:
            log = from_snapshots_before(broker, log, stretch.from_ms)
        if log.events.begin < log.events.end:
            yield log


def _snapshots(  # noqa: PLR0917
    broker: Broker, log: Log, start: Start, stretch: Stretch
) -> Iterator[Line]:
    """Yield the snapshots that the accounts begin from."""
    left = dict(start.offsets)
    for message, snapshot in snapshot_records(broker, log):
        name = snapshot.account_id
        if left.get(name) != snapshot.offset:
            continue
        del left[name]
        if stretch.has(name):
            yield Line(
                SNAPSHOTS.name,
                name.encode(),
                snapshot.at_ms,
                to_bytes(message.value() or b""),
                offset=message.offset() or 0,
                partition=log.events.partition,
            )


def _events(  # noqa: PLR0913, PLR0917
    broker: Broker, log: Log, start: Start | None, stretch: Stretch, found: Recording
) -> Iterator[Line]:
    for each in recorded(broker, log, start):
        event = each.event
        if event is None or not stretch.has(event.account_id):
            continue
        if stretch.to_ms is not None and each.at_ms > stretch.to_ms:
            return
        line = Line(
            EVENTS.name,
            event.account_id.encode(),
            each.at_ms,
            each.content,
            offset=each.offset,
            partition=log.events.partition,
        )
        found.count(line, event.account_id)
        yield line
