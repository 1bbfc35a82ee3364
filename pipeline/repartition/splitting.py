"""One partition's state, split between the partitions that its accounts have from now on.

The new count is a multiple of the old one, so all accounts of a new partition come from one old
partition. What they share, with its numbers and its chain, goes on whole in each of them.

Knows no Kafka. The layout of the keys is that of roles/decide/account_store.py.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

from pipeline.errors import StartupError
from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.state import StateError, load_account, load_shared, save_account, save_shared
from pipeline.risk.structs import replace
from pipeline.rules_version import rules_version
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.roles.decide.account_store import (
    ACCOUNTS,
    IDENTITIES,
    SHARED,
    account_key,
)
from pipeline.streams.roles.decide.roster import Roster

__all__ = ["Part", "State", "children_of", "read_accounts", "read_shared", "same_state", "split"]

State = Mapping[bytes, bytes]  # A role's keys and values.
ACCOUNT, IDENTITY = (each.removesuffix(b"|") for each in (ACCOUNTS, IDENTITIES))
OF_ACCOUNTS = {ACCOUNT, b"q", IDENTITY, b"r", b"f"}  # Followed by the account's id.
MADE_AGAIN = {b"n", b"d", b"w"}  # The roster here; all rows are written again to new topics.
SHADOW = b"h"


class Part(NamedTuple):
    """The state of a new partition."""

    number: int
    state: dict[bytes, bytes]
    accounts: tuple[Account, ...]
    shared: Shared | None  # None: the old partition never had an event.


def children_of(partition: int, *, old: int, new: int) -> range:
    """Return the partitions that the accounts of an old one have from now on."""
    return range(partition, new, old)


def split(state: State, *, partition: int, old: int, new: int) -> list[Part]:
    """Split an old partition's state. Raise StartupError when something in it cannot be split."""
    by_child: dict[int, dict[bytes, bytes]] = {
        child: {} for child in children_of(partition, old=old, new=new)
    }
    for key, value in state.items():
        kind, _, rest = key.partition(b"|")
        if kind in OF_ACCOUNTS:
            account_id = rest.partition(b"|")[0].decode()
            child = partition_of(account_id, new)
            if child not in by_child:
                raise StartupError(
                    f"The state of partition {partition} has the account {account_id}, which does "
                    "not belong there; nothing was carried over"
                )
            by_child[child][key] = value
        elif kind == SHADOW:
            raise StartupError(
                f"Partition {partition} keeps outputs of a release that does not publish: let the "
                "active release decide all events, or activate this one, then run it again"
            )
        elif key != SHARED and kind not in MADE_AGAIN:
            raise StartupError(
                f"The state of partition {partition} has a key that this release does not know: "
                f"{key.decode(errors='backslashreplace')}"
            )
    shared = read_shared(state, partition)
    return [_part(child, found, shared) for child, found in by_child.items()]


def read_accounts(state: State) -> list[Account]:
    """Return all accounts in the order in which they began. Raise StartupError when one is bad."""
    try:
        found = [load_account(value) for key, value in state.items() if key.startswith(ACCOUNTS)]
    except StateError as error:
        raise StartupError(f"The state of an account cannot be used: {error}") from error
    return sorted(found, key=lambda account: (account.applied.number, account.account_id))


def read_shared(state: State, partition: int) -> Shared | None:
    """Return what the accounts share. Raise StartupError when it cannot be read."""
    raw = state.get(SHARED)
    if raw is None:
        return None
    try:
        return load_shared(raw, partition=partition, rules_version=rules_version())
    except StateError as error:
        raise StartupError(f"The state of partition {partition} cannot be used: {error}") from error


def same_state(old: State, parts: Mapping[int, State], *, partition: int) -> list[str]:
    """Return a sentence for each account or key that is in one of them and not in the other.

    Only an account's number among those of its partition may differ, and the count of them all.
    """
    before = _digests(old, partition)
    after: dict[bytes, bytes] = {}
    problems: list[str] = []
    for number, part in parts.items():
        found = _digests(part, number)
        twice = (after.keys() & found.keys()) - {SHARED}
        problems += [f"{_shown(key)} is in two partitions" for key in sorted(twice)]
        if found.get(SHARED) != before.get(SHARED):
            problems.append(f"what the accounts of partition {number} share is another")
        after |= found
    lost, added = before.keys() - after.keys(), after.keys() - before.keys()
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    problems += [f"{_shown(key)} is not carried over" for key in sorted(lost)]
    problems += [f"{_shown(key)} was not there before" for key in sorted(added)]
    problems += [f"{_shown(key)} is another" for key in sorted(changed - {SHARED})]
    return problems


def _part(child: int, found: dict[bytes, bytes], shared: Shared | None) -> Part:
    accounts = []
    store, number = MemoryStore(), 0
    for before in read_accounts(found):
        account = before
        if before.applied.number:  # 0: of a release that did not count; its next event does.
            number += 1
            account = _numbered(before, number)
            Roster(store).add(account.account_id, number)
        found[account_key(account.account_id)] = save_account(account)
        accounts.append(account)
    found |= store.items()
    if shared is not None:
        shared = replace(shared, partition=child, accounts=number)
        found[SHARED] = save_shared(shared)
    return Part(child, found, tuple(accounts), shared)


def _digests(state: State, partition: int) -> dict[bytes, bytes]:
    """Return a digest of all that decides, by key."""
    found = {
        key: _digest(value)
        for key, value in state.items()
        if key.partition(b"|")[0] in OF_ACCOUNTS - {ACCOUNT}
    }
    for account in read_accounts(state):
        found[account_key(account.account_id)] = _digest(save_account(_numbered(account, 0)))
    shared = read_shared(state, partition)
    if shared is not None:
        found[SHARED] = _digest(save_shared(replace(shared, partition=0, accounts=0)))
    return found


def _numbered(account: Account, number: int) -> Account:
    return replace(account, applied=replace(account.applied, number=number))


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=16).digest()


def _shown(key: bytes) -> str:
    return key.decode(errors="backslashreplace")
