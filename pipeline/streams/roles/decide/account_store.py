"""Keys and bytes of one partition's state: its accounts, its shared record, the remembered ids.

Apart from decide.py so that the layout, which outlives every release, stands in one place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from typing import NamedTuple, Self

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.identities import IN_PLACE
from pipeline.risk.account.records import IdKind
from pipeline.risk.state import (
    StateError,
    load_account,
    load_shared,
    save_shared,
)
from pipeline.risk.step import Lookup, Recall, Remembered
from pipeline.risk.structs import replace
from pipeline.streams.role_interface import Stopped, Store
from pipeline.streams.roles.decide.block_store import BlockStore
from pipeline.streams.roles.decide.fill_store import FillStore

__all__ = [
    "ACCOUNTS",
    "IDENTITIES",
    "NOTHING_KEPT",
    "SHARED",
    "AccountStore",
    "Quarantine",
    "account_key",
]

# An account id has no "|", so no two keys meet; the engine's own keys begin otherwise.
SHARED = b"*"
ACCOUNTS = b"a|"  # Followed by the account's id, as in `account_key`.
IDENTITIES = b"i|"  # Followed by the account's id, "|" and what is remembered.
_ROWS_DUE = b"d"
_AT_MS = Struct(">q")
RING_ENTRIES = 32  # Numbers that share a key of the ring.
NOTHING_KEPT = Recall()  # Of nearly every event; made once, as it is immutable.


class Quarantine(NamedTuple):
    """By which release an account was quarantined, and its last number if that was not saved."""

    rules_version: str
    sequence: int | None = None

    def encode(self) -> bytes:
        """Return it as bytes."""
        return " ".join(str(part) for part in self if part is not None).encode()

    @classmethod
    def decode(cls, noted: bytes) -> Self:
        """Read it from bytes."""
        rules_version, _, sequence = noted.decode().partition(" ")
        return cls(rules_version, int(sequence) if sequence else None)


class AccountStore:
    """Load and save what risk knows of one partition."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fills = FillStore(store)
        self._rings = BlockStore(store, together=RING_ENTRIES)

    def load_account(self, account_id: str) -> Account | None:
        """Return the account, or None before its first event."""
        raw = self._store.get(account_key(account_id))
        if raw is None:
            return None
        with _explained():
            return load_account(raw)

    def save_account(self, account_id: str, state: bytes) -> None:
        """Write the bytes of an account as of the barrier."""
        self._store.save(account_key(account_id), state)

    def quarantine(self, account_id: str, quarantine: Quarantine) -> None:
        """Note, for who reads this store next, that an account is quarantined."""
        self._store.set(_quarantine(account_id), quarantine.encode())

    def save_quarantine(self, account_id: str, quarantine: Quarantine) -> None:
        """Note it as of the barrier, when its state cannot be written there."""
        self._store.save(_quarantine(account_id), quarantine.encode())

    def quarantine_of(self, account_id: str) -> Quarantine | None:
        """Return by which release an account is quarantined: another one may know better."""
        noted = self._store.get(_quarantine(account_id))
        return None if noted is None else Quarantine.decode(noted)

    def end_quarantine(self, account_id: str) -> None:
        """Forget that an account was quarantined."""
        self._store.delete(_quarantine(account_id))

    def rows_due(self) -> list[str]:
        """Return the accounts whose rows were due, and not written, when the state was saved."""
        noted = self._store.get(_ROWS_DUE)
        return noted.decode().split("\n") if noted else []

    def save_rows_due(self, account_ids: list[str]) -> None:
        """Note them as of the barrier."""
        noted = "\n".join(account_ids).encode()
        if noted != (self._store.get(_ROWS_DUE) or b""):
            self._store.save(_ROWS_DUE, noted)

    def load_shared(self, *, partition: int, rules_version: str) -> Shared | None:
        """Return the partition's shared record, or None before its first event."""
        raw = self._store.get(SHARED)
        if raw is None:
            return None
        with _explained():
            return load_shared(raw, partition=partition, rules_version=rules_version)

    def save_shared(self, shared: Shared) -> bytes:
        """Write the partition's shared record as of the barrier, and return its bytes."""
        raw = save_shared(shared)
        self._store.save(SHARED, raw)
        return raw

    def recall(self, lookup: Lookup) -> Recall:
        """Look up what the core wants to see of what is remembered."""
        account_id, identity, numbers = lookup.account_id, lookup.identity, lookup.oldest
        seen = None if identity is None else self._store.get(_identity(account_id, identity))
        if lookup.counterpart is None and seen is None and not numbers:
            return NOTHING_KEPT
        oldest = (self._ring_entry(account_id, lookup.kind, number) for number in numbers)
        at_ms, content = _remembered(seen)
        found = Recall(
            seen_at_ms=at_ms,
            seen_content=content,
            oldest=tuple(entry for entry in oldest if entry is not None),
        )
        return found if lookup.counterpart is None else self._with_fill(found, lookup)

    def _with_fill(self, found: Recall, lookup: Lookup) -> Recall:
        """Add what only a fill wants: its counterpart, its signal, the kept fills of a symbol."""
        account_id, fills = lookup.account_id, lookup.fills
        counterpart_at_ms, content = self._id(account_id, lookup.counterpart)
        if fills is not None:
            is_own = lookup.changed == lookup.identity
            fills = fills.since(found.seen_content if is_own else content)
        return replace(
            found,
            counterpart_at_ms=counterpart_at_ms,
            counterpart_content=content,
            fills=() if fills is None else self.fills.read(account_id, fills),
            signal_at_ms=self._id(account_id, lookup.signal)[0],
        )

    def _id(self, account_id: str, identity: str | None) -> tuple[int | None, str]:
        """Return when an id was remembered, and what was kept with it."""
        named = None if identity is None else self._store.get(_identity(account_id, identity))
        return _remembered(named)

    def remember(self, account_id: str, entry: Remembered) -> None:
        """Write an id under its name with its content, and note it in its block of the ring."""
        at_ms, identity = _AT_MS.pack(entry.at_ms), entry.identity
        self._store.set(_identity(account_id, identity), at_ms + entry.content.encode())
        if entry.number != IN_PLACE:
            self._rings.write(
                _ring(account_id, entry.kind), entry.number, at_ms + identity.encode()
            )

    def forget(self, account_id: str, entry: Remembered) -> None:
        """Delete an id under its name, and with the last of its block that block of the ring."""
        self._store.delete(_identity(account_id, entry.identity))
        if entry.number % RING_ENTRIES == RING_ENTRIES - 1:
            self._rings.drop(_ring(account_id, entry.kind), entry.number)

    def _ring_entry(self, account_id: str, kind: IdKind | None, number: int) -> Remembered | None:
        if kind is None:
            return None
        raw = self._rings.read(_ring(account_id, kind), number, number + 1).get(number)
        if raw is None:
            return None
        at_ms, identity = _remembered(raw)
        return Remembered(kind=kind, number=number, identity=identity, at_ms=at_ms or 0)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn state that cannot be read into the end of the worker."""
    try:
        yield
    except StateError as error:
        raise Stopped(f"The state of this worker cannot be used: {error}") from error


def _remembered(raw: bytes | None) -> tuple[int | None, str]:
    """Read when an id was remembered, and what was kept with it."""
    if raw is None:
        return None, ""
    return _AT_MS.unpack_from(raw)[0], raw[_AT_MS.size :].decode()


def account_key(account_id: str) -> bytes:
    """Return the key of an account's state."""
    return ACCOUNTS + account_id.encode()


def _quarantine(account_id: str) -> bytes:
    return f"q|{account_id}".encode()


def _identity(account_id: str, identity: str) -> bytes:
    return IDENTITIES + f"{account_id}|{identity}".encode()


def _ring(account_id: str, kind: IdKind) -> bytes:
    return f"r|{account_id}|{kind}".encode()
