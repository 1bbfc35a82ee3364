"""A partition's state split: every key goes to the one partition that its account has now."""

import pytest

from pipeline.errors import StartupError
from pipeline.repartition.splitting import State, children_of, same_state, split
from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account
from pipeline.risk.account.records import Applied
from pipeline.risk.state import load_account, load_shared, new_shared, save_account, save_shared
from pipeline.risk.structs import replace
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.roles.decide.roster import Roster

NAMES = [name for name in map("acct-{}".format, range(40)) if partition_of(name, 2) == 1]

STRANGER = next(name for name in map("acct-{}".format, range(40)) if partition_of(name, 2) == 0)


def state() -> dict[bytes, bytes]:
    """Return partition 1 of 2, with an id, a ring and a fill of each account."""
    shared = replace(new_shared(partition=1, rules_version="v"), sequence=9, accounts=len(NAMES))
    found = {b"*": save_shared(shared), b"n|0": b"roster", b"d": b"due", b"w": b"rewriting"}
    for number, name in enumerate(NAMES, start=1):
        account = Account(name, Applied(sequence=number, chain="c", number=number))
        for kind in ("i", "r", "f"):
            found[f"{kind}|{name}|more|0".encode()] = name.encode()
        found[f"a|{name}".encode()] = save_account(account)
    return found


def parts_of(found: State) -> dict[int, dict[bytes, bytes]]:
    return {part.number: part.state for part in split(found, partition=1, old=2, new=6)}


def test_children_are_those_of_the_same_remainder_when_the_count_grows() -> None:
    assert [*children_of(1, old=2, new=6)] == [1, 3, 5]


def test_each_key_is_where_its_account_is_when_a_state_was_split() -> None:
    for number, part in parts_of(state()).items():
        names = [key.split(b"|")[1].decode() for key in part if key[:2] in {b"a|", b"i|", b"f|"}]
        assert {partition_of(name, 6) for name in names} == {number}
        assert len(names) == 3 * len({*names})


def test_numbers_have_no_gap_when_a_state_was_split() -> None:
    for number, part in parts_of(state()).items():
        accounts = [load_account(value) for key, value in part.items() if key[:2] == b"a|"]
        shared = load_shared(part[b"*"], partition=number, rules_version="v")
        store = MemoryStore()
        for key, value in part.items():
            store.set(key, value)

        numbers = {each.applied.number: each.account_id for each in accounts}
        assert sorted(numbers) == [*range(1, len(accounts) + 1)]
        assert {each: Roster(store).find(each) for each in numbers} == numbers
        assert (shared.accounts, shared.sequence) == (len(accounts), 9)


def test_nothing_differs_when_a_state_was_split() -> None:
    assert same_state(state(), parts_of(state()), partition=1) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda part, key: part.pop(key), "is not carried over"),
        (lambda part, key: part.update({key: b"other"}), "is another"),
        (lambda part, key: part.update({b"i|acct-x|signal:1": b"1"}), "was not there before"),
    ],
)
def test_a_difference_is_named_when_a_copy_is_not_whole(change: object, problem: str) -> None:
    parts = parts_of(state())
    part = next(part for part in parts.values() if len(part) > 2)
    assert callable(change)
    change(part, next(key for key in part if key[:2] == b"i|"))

    (found,) = same_state(state(), parts, partition=1)

    assert problem in found


def test_an_account_twice_is_named_when_two_copies_have_it() -> None:
    parts = parts_of(state())
    key = next(key for part in parts.values() for key in part if key[:2] == b"i|")
    for part in parts.values():
        part[key] = b"1"

    assert any("is in two partitions" in each for each in same_state(state(), parts, partition=1))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (b"h", "keeps outputs of a release"),
        (b"z|unknown", "this release does not know: z"),
        (f"i|{STRANGER}|signal:1".encode(), "does not belong there"),
    ],
)
def test_a_state_is_refused_when_it_cannot_be_split(key: bytes, problem: str) -> None:
    with pytest.raises(StartupError, match=problem):
        split({**state(), key: b"1"}, partition=1, old=2, new=6)
