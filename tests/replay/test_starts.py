"""Where a comparison begins when the oldest events are gone."""

from pipeline.replay.comparison import Span
from pipeline.replay.memory import MemoryStore
from pipeline.replay.starts import Start, find_start
from pipeline.risk.state import new_shared, save_account, save_shared
from pipeline.streams.roles.decide.account_store import AccountStore
from tests.replay.recordings import accounts, log
from topics.codec import encode_event
from topics.snapshots import Snapshot


def snapshot(account_id: str, state: bytes, *, offset: int, sequence: int = 1) -> Snapshot:
    return Snapshot(
        account_id=account_id,
        state_version=1,
        state=state,
        offset=offset,
        sequence=sequence,
        chain="c",
        rules_version="v",
        at_ms=0,
    )


def events(begin: int) -> Span:
    return Span("events", 0, begin, 1000)


SHARED = save_shared(new_shared(partition=0, rules_version="v"))
FIRST = log()[0]
OPENED = accounts().apply(FIRST, encode_event(FIRST), 1).account


def test_there_is_no_start_when_the_log_is_whole() -> None:
    assert find_start(list, events(begin=0), store=MemoryStore()) is None


def test_accounts_go_on_from_their_first_snapshot_when_the_log_was_cut() -> None:
    assert OPENED is not None
    state = save_account(OPENED)
    found = [
        snapshot("a", state, offset=50),
        snapshot("*", SHARED, offset=98),
        snapshot("a", state, offset=99, sequence=7),  # Before what it shares with others.
        snapshot("*", SHARED, offset=100, sequence=4),
        snapshot("a", state, offset=100, sequence=8),
        snapshot("b", state, offset=300, sequence=2),
        snapshot("a", state, offset=400, sequence=9),
    ]
    store = MemoryStore()

    start = find_start(lambda: found, events(begin=101), store=store)

    assert start == Start({"*": 100, "a": 100, "b": 300}, {"*": 4, "a": 8, "b": 2})
    assert AccountStore(store).load_account("a") == OPENED


def test_event_is_compared_when_it_comes_after_its_accounts_snapshot() -> None:
    start = Start({"*": 100, "b": 300}, {})

    assert [start.is_after("b", offset) for offset in (299, 300, 301)] == [False, False, True]
    assert not start.is_after("unknown", 500)


def test_everything_is_left_out_when_no_snapshot_is_recent_enough() -> None:
    found = [snapshot("*", SHARED, offset=10), snapshot("a", b"", offset=200)]

    start = find_start(lambda: found, events(begin=101), store=MemoryStore())

    assert start == Start({}, {})
