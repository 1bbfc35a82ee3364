"""The sources of a report's histories: a file of recorded inputs or the log in Kafka."""

import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.replay.files import play
from pipeline.replay.memory import MemoryStore
from pipeline.replay.recorded import Log, recorded, recorded_logs, start_of
from pipeline.report.history import Histories
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.settings import Settings

__all__ = ["histories_of_file", "histories_of_log"]


def histories_of_file(lines: Iterable[bytes], *, limits: Path | None, period_ms: int) -> Histories:
    """Decide recorded inputs again and collect the history of each account."""
    histories = Histories(period_ms=period_ms)
    for _ in play(
        lines, limits=limits, observe=lambda event, step, _: histories.apply(event, step)
    ):
        pass
    return histories


def histories_of_log(settings: Settings, *, period_ms: int) -> Histories:
    """Decide the log in Kafka again and collect the history of each account."""
    histories = Histories(period_ms=period_ms)
    broker = Broker(settings)
    with broker.sentences():
        for log in recorded_logs(broker):
            if log.events.begin < log.events.end:
                _collect(broker, log, histories)
    return histories


def _collect(broker: Broker, log: Log, histories: Histories) -> None:
    store = MemoryStore()
    start = start_of(broker, log, store=store)
    accounts = PartitionAccounts(
        store, partition=log.events.partition, rules_version=rules_version(), kept_max=sys.maxsize
    )
    for each in recorded(broker, log, start):
        if each.event is not None:
            histories.apply(each.event, accounts.apply(each.event, each.content, each.at_ms))
