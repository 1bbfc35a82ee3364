"""`make reach`: measure how soon changed limits reach idle accounts that hold positions.

From the append of the document to that of the row that names it, by the broker's clock alone, while
other accounts ask for orders at an even rate. The table goes to docs/limits.md.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message, Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from msgspec import Struct
from msgspec.structs import replace

from bench import market
from bench.page import publish
from bench.pipeline import (
    APPEND_TIME,
    PATIENCE_SECONDS,
    WARM_UP_SECONDS,
    Load,
    consumer_of,
    running,
    settings_of,
)
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings
from topics import codec
from topics.account_states import AccountState
from topics.fields import EVERYONE

ACCOUNTS = tuple(f"still-{number:04d}" for number in range(1000))
SIZES = (100, len(ACCOUNTS))
CHANGES = 20
CHANGE_SECONDS = 2  # Between two changes, unless one takes longer.
RATE = 50  # Signals per second of other accounts.
PAGE = Path(__file__).parent.parent / "docs" / "limits.md"

Enough = Callable[[AccountState], bool]
T = TypeVar("T")


class Phase(NamedTuple):
    """One row of the table."""

    changed: str
    reached: str
    late_ms: list[int]  # The delay of each change.
    load: float  # The machine's load average over the last minute.


def main() -> None:
    """Measure and publish the table."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "reach")
        create_missing(settings)
        for topic in ("limits", "account_states"):
            stamp_appends(settings, topic)
        load, reach = Load(settings), Reach(settings)
        load.open_accounts()
        with running(settings, Path(folder)), ThreadPoolExecutor() as threads:
            load.run(rate=RATE, seconds=WARM_UP_SECONDS)
            phases = list(_phases(reach, load, threads))
    table = _table(phases)
    publish(PAGE, "reach", table)
    sys.stdout.write(table)


def _phases(reach: "Reach", load: Load, threads: ThreadPoolExecutor) -> Iterator[Phase]:
    """Measure each row while other accounts send signals."""

    def busy(changed: str, reached: str, measure: Callable[[], Iterator[int]]) -> Phase:
        asked = threads.submit(load.run, rate=RATE, seconds=CHANGES * CHANGE_SECONDS)
        late_ms = list(measure())
        asked.result()
        return Phase(changed, reached, late_ms, os.getloadavg()[0])

    for size in SIZES:
        reach.open_accounts(ACCOUNTS[:size])
        yield busy("`*`", f"the last of {size:,} accounts", reach.change_all)
    yield busy("one account", "that account", reach.change_own)


class Reach:
    """Accounts with positions, their limits documents, and the rows that report the versions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer({**settings.connection(), "partitioner": "murmur2"})
        self._consumer = consumer_of(settings, "account_states")
        self._accounts: list[str] = []
        self._version = 1  # Of the `*` document; the load generator published the first.
        self._appended_ms = 0

    def open_accounts(self, account_ids: Sequence[str]) -> None:
        """Give each account its positions, if it has none, and wait until all have them."""
        new = account_ids[len(self._accounts) :]
        for account_id in new:
            self._send("accounts", account_id, market.opening(account_id))
            for fill in market.fills(account_id):
                self._send("fills", account_id, fill)
        self._producer.flush()
        self.follow(new, lambda row: len(row.positions) == len(market.SYMBOLS))
        self._accounts += new

    def change_all(self) -> Iterator[int]:
        """Change the limits of `*` repeatedly; yield the slowest account's delay in ms."""
        for _ in _in_turn(range(CHANGES)):
            self._version += 1
            appended_ms = self._publish(EVERYONE, self._version)
            wanted = f"{self._version}.0"
            row_ms = self.follow(self._accounts, partial(_is_under, wanted))
            yield max(row_ms.values()) - appended_ms

    def change_own(self) -> Iterator[int]:
        """Change the limits of one account after another; yield each delay in ms."""
        for account_id in _in_turn(self._accounts[:CHANGES]):
            appended_ms = self._publish(account_id, 1)
            row_ms = self.follow([account_id], lambda row: row.limits_version.endswith(".1"))
            yield row_ms[account_id] - appended_ms

    def follow(self, account_ids: Sequence[str], enough: Enough) -> dict[str, int]:
        """Read until each account has a sufficient row; return the append times in ms."""
        waiting, found = set(account_ids), dict[str, int]()
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while waiting:
            if time.monotonic() > give_up_s:
                raise RuntimeError(
                    f"{len(waiting)} of {len(account_ids)} accounts did not report the new version"
                )
            for message in self._consumer.consume(1000, 0.1):
                row = codec.decode_as(AccountState, message.value() or b"")
                if row.account_id in waiting and enough(row):
                    waiting.remove(row.account_id)
                    found[row.account_id] = message.timestamp()[1]
        return found

    def _publish(self, account_id: str, version: int) -> int:
        document = replace(market.limits(), account_id=account_id, version=version)
        self._send("limits", account_id, document)
        self._producer.flush()
        return self._appended_ms

    def _send(self, topic: str, key: str, message: Struct) -> None:
        self._producer.produce(
            self._settings.topic(topic),
            value=codec.encode(message),
            key=key.encode(),
            on_delivery=self._note if topic == "limits" else None,
        )
        self._producer.poll(0)

    def _note(self, error: object, message: Message) -> None:
        kind, self._appended_ms = message.timestamp()
        if error is not None or kind != TIMESTAMP_LOG_APPEND_TIME:
            raise RuntimeError(f"a document has no append time ({error})")


def _is_under(wanted: str, row: AccountState) -> bool:
    return row.limits_version == wanted


def _in_turn(items: Sequence[T]) -> Iterator[T]:
    """Yield items one by one, with a pause between them."""
    due_s = time.monotonic()
    for item in items:
        time.sleep(max(0.0, due_s - time.monotonic()))
        due_s = time.monotonic() + CHANGE_SECONDS
        yield item


def stamp_appends(settings: Settings, topic: str) -> None:
    """Set a topic to append time."""
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in APPEND_TIME.items()
    ]
    resource = ConfigResource(
        ResourceType.TOPIC, settings.topic(topic), incremental_configs=entries
    )
    admin = AdminClient(settings.connection())
    admin.incremental_alter_configs([resource])[resource].result()


def _table(phases: list[Phase]) -> str:
    lines = [f"| {CHANGES} changes of | reached | p50 | max | load |", "|---|---|---|---|---|"]
    lines += [_row(phase) for phase in phases]
    return "\n".join(lines) + "\n"


def _row(phase: Phase) -> str:
    figures = f"{median(phase.late_ms):,.0f} ms | {max(phase.late_ms):,} ms | {phase.load:.1f}"
    return f"| {phase.changed} | {phase.reached} | {figures} |"


if __name__ == "__main__":
    main()
