"""What a silent release decided and nobody published, kept with the state of its partition.

A checkpoint goes on behind such events. Without this a silent worker that restarts while the active
release has no worker would not know any more what it has to send once it is activated.
"""

from collections.abc import Iterator

import msgspec

from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.published_event import Row
from pipeline.streams.roles.decide.shadow import Letter, Shadow, Unanswered

__all__ = ["load_shadow", "save_shadow"]

_KEY = b"h"
KEPT_MAX = 1000  # The newest; older decisions are no longer valid.


class _Event(msgspec.Struct, frozen=True, array_like=True):
    account_id: str
    sequence: int
    chain: str
    at_ms: int
    rows: list[tuple[str, bytes]]


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    rules_version: str = ""  # Outputs carry it, so that no other release can send them.
    events: list[_Event] = []
    letters: list[tuple[bytes | None, bytes]] = []


_KEPT = msgspec.msgpack.Decoder(_Kept)


def save_shadow(store: Store, shadow: Shadow | None, *, rules_version: str) -> None:
    """Write what waits, before the barrier of a checkpoint; None: nothing does any more."""
    kept = _Kept()
    if shadow is not None:
        events = list(_events(shadow))
        letters = [(letter.key, letter.value) for letter in shadow.letters()]
        if events or letters:
            kept = _Kept(rules_version, events, letters)
    encoded = msgspec.msgpack.encode(kept) if kept.rules_version else None
    if encoded == store.get(_KEY):
        return
    if encoded is None:
        store.delete(_KEY)
    else:
        store.set(_KEY, encoded)


def load_shadow(store: Store, shadow: Shadow, *, rules_version: str) -> int | None:
    """Let a shadow wait for what is kept; return the time of the oldest, None if there is none."""
    raw = store.get(_KEY)
    kept = _Kept() if raw is None else _KEPT.decode(raw)
    if kept.rules_version != rules_version:
        return None
    for event in kept.events:
        rows = [Row(*row) for row in event.rows]
        key = event.account_id, event.sequence
        shadow.wait_for(key, Unanswered(rows, event.chain, event.at_ms))
    for letter in kept.letters:
        shadow.keep_letter(Letter(*letter))
    return min((event.at_ms for event in kept.events), default=None)


def _events(shadow: Shadow) -> Iterator[_Event]:
    for (account_id, sequence), waiting in shadow.unanswered(newest=KEPT_MAX):
        rows = [(row.topic, row.value) for row in waiting.rows]
        yield _Event(account_id, sequence, waiting.chain, waiting.at_ms, rows)
