"""State as bytes: a version, then the record. A worker stops if its release cannot read them."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.structs import decoder, encode, replace

# Raised with every change of what is stored, so that no release misreads the state of another;
# tests/risk/state_layout.json holds the layout that belongs to it.
STATE_VERSION = 8  # The shared record names the release that publishes.
OLDEST_VERSION = 5  # Versions 1 to 4 are from before the first release and need not load.

T = TypeVar("T", Account, Shared, KeptFill)

_ACCOUNTS = decoder(Account)
_FILLS = decoder(KeptFill)
_SHARED = decoder(Shared)


class StateError(Exception):
    """State that this release cannot read."""


def new_shared(*, partition: int, rules_version: str) -> Shared:
    """Return the shared record of a new partition."""
    return Shared(partition, rules_version)


def save_account(account: Account) -> bytes:
    return bytes([STATE_VERSION]) + encode(account)


def save_shared(shared: Shared) -> bytes:
    return bytes([STATE_VERSION]) + encode(shared)


def load_account(raw: bytes) -> Account:
    """Load an account. Raise StateError when it is broken or of a newer release."""
    return _load(_ACCOUNTS, raw)


def load_shared(raw: bytes, *, partition: int, rules_version: str) -> Shared:
    """Load a shared record, and set the rules version that decides from now on."""
    shared = _load(_SHARED, raw)
    if shared.partition != partition:
        raise StateError(f"state of partition {shared.partition} lies in partition {partition}")
    return replace(shared, rules_version=rules_version)


def save_fill(fill: KeptFill) -> bytes:
    return bytes([STATE_VERSION]) + encode(fill)


def load_fill(raw: bytes) -> KeptFill:
    """Load a kept fill. Raise StateError when it is broken or of a newer release."""
    return _load(_FILLS, raw)


def _load(decode: Callable[[memoryview], T], raw: bytes) -> T:
    if raw and raw[0] < OLDEST_VERSION:
        raise StateError(
            f"state version {raw[0]} is from before the first release and does not load: "
            "begin with new topics, under another RISKGATE_TOPIC_PREFIX"
        )
    if not raw or raw[0] > STATE_VERSION:
        found = raw[0] if raw else "none"
        raise StateError(
            f"state version {found} is newer than {STATE_VERSION}: run the release that wrote it"
        )
    try:
        return decode(memoryview(raw)[1:])
    except msgspec.MsgspecError as error:
        raise StateError(f"state does not decode: {error}") from None
