"""Decide the `events` log in Kafka again and compare with the recorded outputs.

Connects the comparison, which knows no Kafka, to the partitions and tapes that do.
"""

import sys
from contextlib import ExitStack

from pipeline.errors import NothingFoundError
from pipeline.replay.comparison import PartitionComparison
from pipeline.replay.counts import Counts
from pipeline.replay.findings import describe
from pipeline.replay.memory import MemoryStore
from pipeline.replay.recorded import Log, recorded, recorded_logs, start_of
from pipeline.replay.tapes import KafkaTape
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.settings import Settings
from topics.text import visible

__all__ = ["compare_with_kafka"]


def compare_with_kafka(settings: Settings) -> int:
    """Compare every partition, print the result, and return how many outputs differ.

    Raise NothingFoundError when no event could be compared: that proves nothing.
    """
    broker = Broker(settings)
    counts = Counts()
    with broker.sentences():
        for log in recorded_logs(broker):
            _compare(broker, log, counts)
    sys.stdout.writelines(f"{visible(line)}\n" for line in describe(counts, rules_version()))
    if not counts.events:
        raise NothingFoundError(
            "Every event is older than the first snapshot of its account, so nothing was compared"
        )
    return counts.different.total()


def _compare(broker: Broker, log: Log, counts: Counts) -> None:
    if log.events.begin >= log.events.end:
        return
    store = MemoryStore()
    start = start_of(broker, log, store=store)
    with ExitStack() as stack:
        tapes = [KafkaTape(broker, output) for output in log.outputs]
        for tape in tapes:
            stack.callback(tape.close)
        accounts = PartitionAccounts(
            store,
            partition=log.events.partition,
            rules_version=rules_version(),
            kept_max=sys.maxsize,
        )
        comparison = PartitionComparison(
            accounts, [*tapes], partition=log.events.partition, counts=counts
        )
        if start is not None:
            comparison.start(start.sequences, others=start.others)
        for found in recorded(broker, log, start):
            if found.event is None:
                comparison.skipped += 1
            else:
                comparison.apply(found.event, found.content, found.at_ms)
        comparison.finish()
    counts.skipped += comparison.skipped
