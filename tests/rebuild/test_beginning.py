"""Where a rebuild begins when the oldest events are gone: nothing may be left out."""

import pytest

from pipeline.errors import StartupError
from pipeline.rebuild.beginning import Beginning, begin_at_snapshots
from pipeline.replay.comparison import Span
from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account
from pipeline.risk.account.records import Applied
from pipeline.risk.state import new_shared, save_account, save_shared
from pipeline.risk.structs import replace
from pipeline.streams.roles.decide.account_store import AccountStore
from pipeline.streams.roles.decide.roster import Roster
from topics.snapshots import Snapshot

EVENTS = Span("events", 0, 101, 1000)


def shared(*, accounts: int, offset: int) -> Snapshot:
    record = replace(new_shared(partition=0, rules_version="v"), accounts=accounts, sequence=4)
    return snapshot("*", save_shared(record), offset=offset)


def account(name: str, *, number: int, offset: int) -> Snapshot:
    return snapshot(name, save_account(opened(name, number)), offset=offset)


def opened(name: str, number: int) -> Account:
    return Account(name, Applied(number=number, sequence=7))


def snapshot(account_id: str, state: bytes, *, offset: int) -> Snapshot:
    return Snapshot(
        account_id=account_id,
        state_version=1,
        state=state,
        offset=offset,
        sequence=7,
        chain="c",
        rules_version="v",
        at_ms=0,
    )


def test_all_accounts_go_on_from_snapshots_when_the_log_was_cut() -> None:
    found = [
        account("a", number=1, offset=99),  # The event at 100 is gone.
        shared(accounts=2, offset=100),
        account("b", number=2, offset=100),
        account("c", number=3, offset=200),  # It begins after what it shares with others.
        account("a", number=1, offset=300),
        account("b", number=2, offset=400),
    ]
    store = MemoryStore()

    beginning = begin_at_snapshots(lambda: found, EVENTS, store=store)

    assert beginning == Beginning(100, {"*": 100, "a": 300, "b": 100}, {"*": 4, "a": 7, "b": 7})
    assert [AccountStore(store).load_account(name) for name in "abc"] == [
        opened("a", 1),
        opened("b", 2),
        None,
    ]
    assert [Roster(store).find(number) for number in (1, 2, 3)] == ["a", "b", None]


def test_event_is_decided_when_it_comes_after_its_accounts_snapshot() -> None:
    beginning = Beginning(100, {"*": 100, "a": 300}, {})

    assert [beginning.is_after("a", offset) for offset in (300, 301)] == [False, True]
    assert [beginning.is_after("new", offset) for offset in (100, 101)] == [False, True]


def test_rebuild_refuses_when_an_account_has_no_snapshot() -> None:
    found = [shared(accounts=2, offset=100), account("a", number=1, offset=100)]

    with pytest.raises(StartupError, match=r"1 of its 2 accounts have no snapshot .* start over"):
        begin_at_snapshots(lambda: found, EVENTS, store=MemoryStore())


def test_rebuild_refuses_when_no_shared_snapshot_is_recent_enough() -> None:
    found = [shared(accounts=1, offset=99), account("a", number=1, offset=200)]

    with pytest.raises(StartupError, match=r"no snapshot of what its accounts share"):
        begin_at_snapshots(lambda: found, EVENTS, store=MemoryStore())
