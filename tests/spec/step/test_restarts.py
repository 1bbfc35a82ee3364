"""Wild histories: nothing breaks the books, and no restart changes what comes out."""

from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account
from pipeline.risk.step import Output, Step
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests.spec.wild import Wild
from topics.events import Event


class Taken(NamedTuple):
    """An event of the log and what came of it."""

    event: Event
    content: bytes
    at_ms: int
    account: Account | None
    outputs: tuple[Output, ...]


class Recorded(list[Taken]):
    """The log of the one partition, as it is applied."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        use = PartitionAccounts.use

        def recording(
            own: PartitionAccounts, event: Event, content: bytes, *, at_ms: int, encode: Any
        ) -> tuple[Step, Any]:
            taken, encoded = use(own, event, content, at_ms=at_ms, encode=encode)
            self.append(Taken(event, content, at_ms, taken.account, taken.outputs))
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
        again.append(Taken(event, content, at_ms, taken.account, taken.outputs))
    return again


@pytest.mark.parametrize("seed", range(5))
def test_same_comes_out_when_the_worker_restarts_between_all_events(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk = Wild(seed).run(100)

    again = restarted(log, desk.sent("decisions")[0]["rules_version"])

    assert len(log) > 50
    assert again == log


@pytest.mark.parametrize("seed", range(100, 110))
def test_nothing_raises_when_anything_at_all_comes(seed: int) -> None:
    desk = Wild(seed).run(100)

    assert len(desk.sent("decisions")) > 0
    assert desk.alerts("internal_error") == []
    assert desk.sent("dead_letters") == []
