"""The log of one partition as it is applied, and the same decided again after restarts."""

from typing import Any, NamedTuple

import pytest

from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account
from pipeline.risk.step import Output, Step
from pipeline.risk.structs import replace
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from topics.events import Event


class Taken(NamedTuple):
    """An event of the log and what came of it."""

    event: Event
    content: bytes
    at_ms: int
    account: Account | None
    outputs: tuple[Output, ...]
    failed: str | None
    raised: tuple[str, ...]


def taken_of(event: Event, content: bytes, at_ms: int, step: Step) -> Taken:
    """Return an event and what came of it."""
    return Taken(event, content, at_ms, step.account, step.outputs, step.failed, step.raised)


class Recorded(list[Taken]):
    """The log of the one partition, as it is applied."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        use = PartitionAccounts.use

        def recording(
            own: PartitionAccounts, event: Event, content: bytes, *, at_ms: int, encode: Any
        ) -> tuple[Step, Any]:
            taken, encoded = use(own, event, content, at_ms=at_ms, encode=encode)
            self.append(taken_of(event, content, at_ms, taken))
            return taken, encoded

        monkeypatch.setattr(PartitionAccounts, "use", recording)


def restarted(log: list[Taken], rules_version: str) -> list[Taken]:
    """Decide a log again by workers that each live for one event and leave only bytes behind."""
    store, again = MemoryStore(), []
    for event, content, at_ms, *_ in log:
        worker = PartitionAccounts(store, partition=0, rules_version=rules_version, kept_max=0)
        worker.shared = replace(worker.shared, heartbeat_at_ms=at_ms)
        taken = worker.apply(event, content, at_ms)
        list(worker.save())
        again.append(taken_of(event, content, at_ms, taken))
    return again
